"""Tensor types: an element type and a shape. A dimension is an int, or a name that the caller fills in at run time."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .dtypes import DType, of_numpy
from .errors import DimError, DTypeError, ShapeError

Dim = int | str
Shape = tuple[Dim, ...]


class TensorType:
    """`f32[64,784]`. Interned: equal types are the same object, so they compare and hash by identity."""

    __slots__ = ("__weakref__", "dtype", "shape")
    dtype: DType
    shape: Shape
    _interned: dict[tuple[DType, Shape], TensorType] = {}

    def __new__(cls, dtype: DType, shape: Shape) -> TensorType:
        key = (dtype, shape)
        found = cls._interned.get(key)
        if found is None:
            found = object.__new__(cls)
            found.dtype, found.shape = dtype, tuple(shape)
            found = cls._interned.setdefault((dtype, found.shape), found)
        return found

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_static(self) -> bool:
        return all(isinstance(d, int) for d in self.shape)

    @property
    def static_shape(self) -> tuple[int, ...]:
        """The shape as ints; raises where a dimension is only a name."""
        return tuple(known(d) for d in self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.static_shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def with_shape(self, shape: Shape) -> TensorType:
        return TensorType(self.dtype, shape)

    def with_dtype(self, dtype: DType) -> TensorType:
        return TensorType(dtype, self.shape)

    def __repr__(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return (TensorType, (self.dtype, self.shape))


def type_of(array: np.ndarray[Any, Any]) -> TensorType:
    """The type of a NumPy array."""
    dtype = of_numpy(array.dtype)
    if dtype is None:
        raise DTypeError(
            f"a NumPy array of dtype {array.dtype} has no counterpart here; cast it first"
        )
    return TensorType(dtype, array.shape)


def known(dim: Dim) -> int:
    """A dimension as an int; a name is refused."""
    if isinstance(dim, str):
        raise ShapeError(
            f"the size of dimension '{dim}' is needed here, but it is only a name; give the size instead of the name"
        )
    return dim


def broadcast(*shapes: Shape) -> Shape:
    """The shape that all of these broadcast to; a size-1 or missing leading dimension stretches."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    return tuple(_broadcast_dim(dims, shapes) for dims in zip(*padded, strict=True))


def _broadcast_dim(dims: tuple[Dim, ...], shapes: tuple[Shape, ...]) -> Dim:
    wide = [d for i, d in enumerate(dims) if d != 1 and d not in dims[:i]]
    if len(wide) > 1:
        listed = " and ".join(str(list(s)) for s in shapes)
        raise ShapeError(
            f"shapes {listed} do not broadcast: sizes {' and '.join(map(str, wide))} differ "
            "and neither is 1"
        )
    return wide[0] if wide else 1


def normalize_dim(dim: int, rank: int) -> int:
    """A possibly negative dimension counted from the front."""
    span = max(rank, 1)
    if not -span <= dim < span:
        raise DimError(
            f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})"
        )
    return dim % span


def normalize_dims(dims: int | tuple[int, ...] | list[int] | None, rank: int) -> tuple[int, ...]:
    """Dimensions counted from the front, in order; None or () means all of them."""
    if dims is None or dims == () or dims == []:
        return tuple(range(rank))
    listed = (dims,) if isinstance(dims, int) else dims
    if rank == 0:
        for d in listed:
            normalize_dim(d, rank)
        return ()
    found = tuple(sorted(normalize_dim(d, rank) for d in listed))
    for a, b in itertools.pairwise(found):
        if a == b:
            raise DimError(f"dim {a} appears multiple times in the list of dims {list(listed)}")
    return found


def without_dims(shape: Shape, dims: tuple[int, ...], keepdim: bool) -> Shape:
    """The shape left after reducing over `dims`."""
    if keepdim:
        return tuple(1 if i in dims else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in dims)
