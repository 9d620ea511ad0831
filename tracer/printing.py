"""The text of a tensor, character for character what PyTorch 2.13 prints for a CPU tensor.

Everything here works on NumPy arrays and plain facts about the tensor (its dtype's name, whether
it requires a gradient), and knows no tensor class:

    format_tensor(np.eye(2), requires_grad=True)
    # tensor([[1., 0.],
    #         [0., 1.]], dtype=torch.float64, requires_grad=True)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .print_elements import element_texts
from .print_layout import GAP, edges, lay_out, whole
from .print_options import PrintOptions, print_options, printoptions, set_printoptions

__all__ = [
    "PrintOptions",
    "format_parameter",
    "format_scalar",
    "format_tensor",
    "format_without_values",
    "print_options",
    "printoptions",
    "set_printoptions",
]

PREFIX = "tensor("


def format_tensor(
    array: NDArray[np.generic],
    *,
    dtype_name: str | None = None,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    device: str | None = None,
    prefix: str = PREFIX,
    suffix_extra: Sequence[str] = (),
    default_dtype: str = "float32",
    options: PrintOptions | None = None,
) -> str:
    """The `repr` of a tensor holding `array`; `options` defaults to the ones in force."""
    options = options or print_options()
    name = dtype_name or array.dtype.name
    unsaid = {default_dtype} if array.size == 0 else {default_dtype, "int64", "bool"}
    suffixes = [
        *_device_suffix(device),
        *_size_suffix(array, options),
        *_dtype_suffix(name, unsaid),
        *_gradient_suffix(requires_grad, grad_fn),
        *suffix_extra,
    ]
    return _closed(prefix, _values_text(array, len(prefix), options), suffixes, options)


def format_without_values(
    shape: Sequence[int],
    dtype_name: str,
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    device: str | None = None,
    prefix: str = PREFIX,
    default_dtype: str = "float32",
) -> str:
    """The `repr` of a tensor whose values are not known (yet), such as one that is being traced."""
    suffixes = [
        *_device_suffix(device),
        f"size={tuple(shape)}",
        *_dtype_suffix(dtype_name, {default_dtype}),
        *_gradient_suffix(requires_grad, grad_fn),
    ]
    return _closed(prefix, GAP, suffixes, print_options())


def format_parameter(tensor_text: str) -> str:
    """The `repr` of a parameter whose tensor prints as `tensor_text`."""
    return f"Parameter containing:\n{tensor_text}"


def format_scalar(array: NDArray[np.generic], spec: str) -> str:
    """`format(tensor, spec)` for a tensor of no dimensions: its number in that format.

    A tensor of more dimensions has no such format (with an empty spec it is printed whole, which
    is the caller's business).
    """
    if array.ndim > 0:
        raise TypeError(
            f"unsupported format string passed to Tensor.__format__: {spec!r} formats a single "
            f"number, but this tensor has shape {array.shape}; format one element's .item(), or "
            f"choose the digits of whole tensors with set_printoptions(precision=...)"
        )
    return format(array.item(), spec)


def _values_text(array: NDArray[np.generic], indent: int, options: PrintOptions) -> str:
    if array.size == 0:
        return "[]"
    summarised = array.size > options.threshold
    if summarised and options.edgeitems == 0 and array.ndim > 0:
        return f"[{GAP}]"
    excerpt = edges(array, options.edgeitems) if summarised else whole(array)
    elements = element_texts(excerpt.values, options)
    return lay_out(elements, excerpt.gaps, indent, options.linewidth)


def _size_suffix(array: NDArray[np.generic], options: PrintOptions) -> list[str]:
    """The shape, where the brackets do not show it or the options may make them hide it."""
    shown = array.ndim != 1 if array.size == 0 else options.edgeitems == 0
    return [f"size={array.shape}"] if shown else []


def _device_suffix(device: str | None) -> list[str]:
    return [] if device in (None, "cpu") else [f"device='{device}'"]


def _dtype_suffix(name: str, unsaid: set[str]) -> list[str]:
    return [] if name in unsaid else [f"dtype=torch.{name}"]


def _gradient_suffix(requires_grad: bool, grad_fn: str | None) -> list[str]:
    if grad_fn is not None:
        return [f"grad_fn=<{grad_fn}>"]
    return ["requires_grad=True"] if requires_grad else []


def _closed(prefix: str, values: str, suffixes: Sequence[str], options: PrintOptions) -> str:
    """Add the suffixes, each on the last line if it fits there and on a line of its own if not."""
    text = prefix + values
    # The line that ends the values keeps room for the closing bracket and one character more.
    used = len(text.rpartition("\n")[2]) + 2
    for suffix in suffixes:
        used += len(", ") + len(suffix)
        if used > options.linewidth:
            text += ",\n" + " " * len(prefix) + suffix
            used = len(prefix) + len(suffix)
        else:
            text += ", " + suffix
    return text + ")"
