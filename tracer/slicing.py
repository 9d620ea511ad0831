"""Parts of a tensor, as views."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..ir.ops import shaping as sh
from ..ir.ops import slicing as sl
from ..ir.types import normalize_dim
from .labelled import relabelled
from .location import blame
from .numpy_names import numpy_names
from .permuting import permute
from .reshaping import shape_of, viewed
from .tensor import Tensor, view


@numpy_names
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements from `start` along a dim."""
    if not input.ndim:
        raise blame(RuntimeError("narrow() cannot be applied to a 0-dim tensor."))
    place = normalize_dim(dim, input.ndim)
    size = shape_of(input)[place]
    if not -size <= start <= size:
        raise blame(
            IndexError(
                f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
            )
        )
    first = start + size if start < 0 else start
    if length < 0 or first + length > size:
        raise blame(
            RuntimeError(
                f"start ({first}) + length ({length}) exceeds dimension size ({size})"
                if length >= 0
                else f"narrow(): length must be non-negative, not {length}"
            )
        )
    return _slice(input, place, first, first + length, 1, "SliceBackward0")


def _slice(input: Tensor, dim: int, start: int, stop: int, step: int, label: str) -> Tensor:
    return viewed(input, sl.Slice(dim, start, stop, step), label)


@numpy_names
def select(input: Tensor, dim: int, index: int, *, shown: int | None = None) -> Tensor:
    """One slice along a dim, without that dim."""
    shape = shape_of(input)
    if not shape:
        raise blame(
            IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert it to a number"
            )
        )
    place = normalize_dim(dim, len(shape))
    size = shape[place]
    if not -size <= index < size:
        raise blame(
            IndexError(
                f"index {index} is out of bounds for dimension "
                f"{dim if shown is None else shown} with size {size}"
            )
        )
    start = index % size
    one = view(input, sl.Slice(place, start, start + 1))
    return viewed(one, sh.Reshape(shape[:place] + shape[place + 1 :]), "SelectBackward0")


@numpy_names
def sliced(input: Tensor, dim: int, window: slice) -> Tensor:
    """`input[..., start:stop:step]` along a dim."""
    size = shape_of(input)[dim]
    start, stop, step = window.indices(size)
    if step < 0 or (window.step is not None and int(window.step) <= 0):
        raise blame(ValueError("step must be greater than zero; use flip() to reverse a dimension"))
    return _slice(input, dim, start, max(start, stop), step, "SliceBackward0")


@numpy_names
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along a dim."""
    if not input.ndim:
        raise blame(TypeError("iteration over a 0-d tensor"))
    place = normalize_dim(dim, input.ndim)
    return tuple(
        relabelled(select(input, place, i), "UnbindBackward0") for i in range(input.shape[place])
    )


@numpy_names
def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Pieces of a size (the last may be smaller), or of the sizes given.

    Where PyTorch refuses to write through one of several views that a function returned, this allows it: the gradient
    is right all the same. So it is for `chunk` and `unbind`.
    """
    place = normalize_dim(dim, tensor.ndim)
    size = shape_of(tensor)[place]
    label = "SplitBackward0"
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0:
            raise blame(
                RuntimeError(f"split expects split_size be positive, but got split_size={step}")
            )
        sections = [min(step, size - i) for i in range(0, max(size, 1), step)]
    else:
        sections, label = list(split_size_or_sections), "SplitWithSizesBackward0"
        if sum(sections) != size:
            raise blame(
                RuntimeError(
                    f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                    f"{dim}), but got split_sizes={sections}"
                )
            )
    ends = np.cumsum([0, *sections]).tolist()
    return tuple(_slice(tensor, place, a, b, 1, label) for a, b in pairwise(ends))


@numpy_names
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size (the last may be smaller)."""
    if chunks <= 0:
        raise blame(RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}"))
    size = shape_of(input)[normalize_dim(dim, input.ndim)]
    return split(input, max(-(-size // chunks), 1), dim)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements of two dimensions whose indices are equal (but for an offset), as a new last dimension."""
    first, second = normalize_dim(dim1, input.ndim), normalize_dim(dim2, input.ndim)
    if first == second:
        raise blame(RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}"))
    rest = [d for d in range(input.ndim) if d not in (first, second)]
    x = permute(input, *rest, first, second)
    *batch, rows, columns = shape_of(x)
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = (offset if offset >= 0 else -offset * columns) if count else 0
    stop = start + (count - 1) * (columns + 1) + 1 if count else 0
    flat = viewed(x, sh.Reshape((*batch, rows * columns)), "DiagonalBackward0")
    return _slice(flat, len(batch), start, stop, columns + 1, "DiagonalBackward0")
