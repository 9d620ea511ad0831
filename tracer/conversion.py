"""Tensors to and from the world outside: numbers, lists, NumPy, other dtypes and devices; and how they print."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.dtypes import (
    DType,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from .device import Device, check_device
from .kinds import DTypeLike, dtype_of
from .labels import node_name
from .location import blame
from .modes import modes
from .pointwise import cast
from .printing import format_parameter, format_scalar, format_tensor, format_without_values
from .promotion import get_default_dtype, legacy_name
from .reading import array_of, read
from .shaping import clone, unbind
from .tensor import Tensor


def item(input: Tensor) -> Any:
    """The only element, as a Python number."""
    array = array_of(input, "item()")
    if array.size != 1:
        raise blame(
            RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
        )
    return array.item()


def tolist(input: Tensor) -> Any:
    """Nested lists of Python numbers."""
    return array_of(input, "tolist()").tolist()


def numpy(input: Tensor, *, force: bool = False) -> np.ndarray[Any, Any]:
    """The tensor's own memory as a NumPy array."""
    array = array_of(input, "numpy()")
    if read(input).needs_grad and not force:
        raise blame(
            RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        )
    return array


def as_array(input: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """What `np.asarray(tensor)` gives."""
    array = numpy(input)
    return np.array(array, dtype, copy=copy) if dtype is not None or copy else array


def as_bool(input: Tensor) -> bool:
    size = read(input).type.size
    if size != 1:
        many = "more than one value" if size else "no values"
        raise blame(
            RuntimeError(
                f"Boolean value of Tensor with {many} is ambiguous: it has {size} elements; "
                "say all() or any()"
            )
        )
    return bool(array_of(input, "bool() (an if, while, and, or or not)").item())


def as_int(input: Tensor) -> int:
    return int(_only(input))


def as_float(input: Tensor) -> float:
    return float(_only(input))


def _only(input: Tensor) -> Any:
    size = read(input).type.size
    if size != 1:
        raise blame(
            ValueError(
                f"only one element tensors can be converted to Python scalars, not one of {size} elements"
            )
        )
    return item(input)


def as_index(input: Tensor) -> int:
    if not input.dtype.is_integer and input.dtype is not bool_:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(item(input))


def length(input: Tensor) -> int:
    if not input.ndim:
        raise blame(TypeError("len() of a 0-d tensor"))
    return input.shape[0]


def iterate(input: Tensor) -> Any:
    return iter(unbind(input, 0))


def to(
    input: Tensor,
    *args: Any,
    dtype: DTypeLike | None = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
) -> Tensor:
    """The tensor as another dtype, on another device, or like another tensor."""
    for arg in args:
        if isinstance(arg, (DType, type, np.dtype)):
            dtype = dtype_of(arg)  # type: ignore[arg-type]
        elif isinstance(arg, Tensor):
            dtype, device = arg.dtype, arg.device
        elif isinstance(arg, (str, Device)):
            device = arg
        elif not isinstance(arg, bool) and arg is not None:
            raise TypeError(f"to() takes a dtype, a device or a tensor, not {type(arg).__name__}")
    check_device(device)
    made = input if dtype is None else cast(input, dtype)
    return clone(made) if copy and made is input else made


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """Cast to another tensor's dtype."""
    return cast(input, other.dtype)


def cpu(input: Tensor) -> Tensor:
    return input


def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    check_device("cuda" if device is None else device)
    return input


def _caster(dtype: DType) -> Any:
    def convert(input: Tensor) -> Tensor:
        return cast(input, dtype)

    convert.__name__ = dtype.long_name
    convert.__doc__ = f"Cast to {dtype.long_name}."
    return convert


CASTS = {
    "float": float32, "double": float64, "half": float16, "bfloat16": bfloat16, "long": int64,
    "int": int32, "short": int16, "char": int8, "byte": uint8, "bool": bool_,
}  # fmt: skip
CAST_METHODS = {name: _caster(dtype) for name, dtype in CASTS.items()}


def type_name(input: Tensor, dtype: DTypeLike | None = None) -> Any:
    """`x.type()`: the legacy name; with a dtype, a cast."""
    if dtype is not None:
        return cast(input, dtype)
    return f"torch.{legacy_name(input.dtype)}Tensor"


def text(input: Tensor) -> str:
    """`repr(x)`, as PyTorch prints it."""
    var = read(input)
    options: dict[str, Any] = {
        "requires_grad": var.needs_grad and var.op is None,
        "grad_fn": node_name(var) if var.op is not None else None,
        "default_dtype": get_default_dtype().long_name,
    }
    if var.array is None:
        return format_without_values(var.type.shape, var.type.dtype.long_name, **options)  # type: ignore[arg-type]
    return format_tensor(var.array, dtype_name=var.type.dtype.long_name, **options)


def parameter_text(input: Tensor) -> str:
    """How a parameter prints."""
    return format_parameter(text(input))


def formatted(input: Tensor, spec: str) -> str:
    """`f"{x:.3f}"`."""
    if input.ndim == 0 and (spec or modes.trace is None):
        return (
            format_scalar(array_of(input, "format()"), spec)
            if spec
            else str(array_of(input, "format()").item())
        )
    if spec:
        raise TypeError("unsupported format string passed to Tensor.__format__")
    return text(input)
