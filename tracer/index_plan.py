"""Index tensors: how several of them pick from a tensor with one `take`."""

from __future__ import annotations

import math

import numpy as np

from ..ir.dtypes import bool_, int64
from ..ir.errors import ShapeError
from ..ir.types import broadcast
from ..ir.values import Const, Value
from .eager import builder
from .labelled import labelled
from .location import blame
from .permuting import permute
from .promotion import operand_value
from .reading import array_of, read
from .size import Size
from .tensor import Tensor, from_array


def _integers(input: Tensor, advanced: dict[int, Tensor]) -> dict[int, Tensor]:
    """Masks as the integer indices of their true places; negative indices counted from the front."""
    found: dict[int, Tensor] = {}
    for dim, index in advanced.items():
        if index.dtype is bool_:
            check_mask(input, dim, index)
            for offset, places in enumerate(np.nonzero(array_of(index, "indexing by a mask"))):
                found[dim + offset] = from_array(places)
        elif index.dtype.is_integer:
            found[dim] = from_front(index, input.shape[dim], dim)
        else:
            raise blame(
                IndexError(
                    f"tensors used as indices must be long, int, byte or bool tensors, not {index.dtype}"
                )
            )
    return found


def check_mask(input: Tensor, dim: int, mask: Tensor) -> None:
    part = input.shape[dim : dim + mask.ndim]
    if tuple(part) != tuple(mask.shape):
        raise blame(
            IndexError(
                f"The shape of the mask {list(mask.shape)} at index {dim} does not match the shape of the indexed "
                f"tensor {list(input.shape)}"
            )
        )


def from_front(index: Tensor, size: int, dim: int = 0) -> Tensor:
    """Negative indices counted from the front."""
    array = read(index).array
    if array is not None:
        if array.size == 0 or array.min() >= 0:
            return index
        if array.min() < -size:
            raise blame(
                IndexError(
                    f"index {array.min()} is out of bounds for dimension {dim} with size {size}"
                )
            )
    b, value = builder(), read(index)
    return labelled(b.where(b.lt(value, 0), b.add(value, size), value), None)


class Plan:
    """How to pick by index tensors with one `take`: indexed dims first, merged into one; where the result's go."""

    def __init__(self, input: Tensor, advanced: dict[int, Tensor]) -> None:
        indices = _integers(input, advanced)
        self.dims = sorted(indices)
        rest = [d for d in range(input.ndim) if d not in indices]
        together = self.dims == list(range(self.dims[0], self.dims[-1] + 1))
        self.at = self.dims[0] if together else 0
        """Where the picked dimensions go: in place of adjacent ones, else to the front."""
        self.order = [*rest[: self.at], *self.dims, *rest[self.at :]]
        shape = [input.shape[d] for d in self.order]
        self.sizes = [input.shape[d] for d in self.dims]
        count = len(self.dims)
        self.merged = (*shape[: self.at], math.prod(self.sizes), *shape[self.at + count :])
        self.permuted = tuple(shape)
        self.index = self.linear([indices[d] for d in self.dims])

    def linear(self, indices: list[Tensor]) -> Value:
        """One index into the merged dimension."""
        b = builder()
        values = [operand_value(i, int64) for i in indices]
        if len(values) == 1:
            return checked(values[0], self.sizes[0], self.dims[0])
        _check_broadcast([i.shape for i in indices])
        total: Value = Const(0, int64)
        for dim, value, size in zip(self.dims, values, self.sizes, strict=True):
            total = b.add(b.mul(total, size), checked(value, size, dim))
        return total

    def arranged(self, input: Tensor) -> Value:
        moved = input if self.order == sorted(self.order) else permute(input, *self.order)
        return builder().reshape_to(read(moved), self.merged)


def _check_broadcast(shapes: list[Size]) -> None:
    try:
        broadcast(*(tuple(s) for s in shapes))
    except ShapeError:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise blame(
            IndexError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                f"{listed}"
            )
        ) from None


def checked(value: Value, size: int, dim: int) -> Value:
    """Refuse an index out of bounds now: in a merged dimension it would point at another element."""
    array = getattr(value, "array", None)
    if array is None or not array.size:
        return value
    low, high = array.min(), array.max()
    if low < 0 or high >= size:
        wrong = low if low < 0 else high
        raise blame(
            IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")
        )
    return value
