"""Ops that pick and place elements by index tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..dtypes import DType, float32, float64, int64
from ..errors import DimError, DTypeError, require
from ..op import Array, Op, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import Dim, TensorType, known
from ..values import Value
from ..walk import Walk
from .reduction import check_dims


def check_index_type(name: str, index: TensorType) -> None:
    require(
        index.dtype.is_integer,
        f"{name}: the index must hold integers, not {index}",
        DTypeError,
    )


def check_bounds(name: str, index: Array, size: int, dim: int) -> None:
    """Refuse an index outside 0..size-1."""
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        value = int(index[wrong].flat[0])
        raise DimError(
            f"{name}: index {value} is out of bounds for dimension {dim} with size {size}"
        )


@op
class Take(Op):
    """Whole slices of x along `dim`, picked by an index tensor of any shape (an embedding, for dim 0)."""

    name = "take"
    arity = 2
    checks = True
    dim: int = 0

    def infer(self, *types: TensorType) -> TensorType:
        x, index = types
        check_dims("take", (self.dim,), x)
        check_index_type("take", index)
        return x.with_shape(x.shape[: self.dim] + index.shape + x.shape[self.dim + 1 :])

    def ref(self, x: Array, index: Array) -> Any:
        check_bounds("take", index, x.shape[self.dim], self.dim)
        return np.take(x, index, self.dim)

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, index: Value
    ) -> Sequence[Thunk | None]:
        return lambda: b.put(b.full(x.type, 0), index, g, dim=self.dim, accumulate=True), None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(4, 3), spec(5, dtype=int64, low=0, high=4))
        yield sample(cls(1), spec(2, 4, 3), spec(2, 2, dtype=int64, low=0, high=4))
        yield sample(cls(1), spec(2, 4), spec(dtype=int64, low=0, high=4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls(), "the index must hold integers, not f32[2]", spec(4), spec(2, dtype=float32)
        )


@op
class Put(Op):
    """x with the slices at `index` along `dim` replaced by (or, `accumulate`, increased by) those of a source."""

    name = "put"
    arity = 3
    checks = True
    dim: int = 0
    accumulate: bool = False

    def infer(self, *types: TensorType) -> TensorType:
        x, index, source = types
        expected = Take(self.dim).infer(x, index)
        require(
            source is expected,
            f"put: the indexed part of {x} is {expected}, but the source is {source}",
        )
        return x

    def ref(self, x: Array, index: Array, source: Array) -> Any:
        check_bounds("put", index, x.shape[self.dim], self.dim)
        result = x.copy()
        place: Any = (slice(None),) * self.dim + (index,)
        if self.accumulate:
            np.add.at(result, place, source)
        else:
            result[place] = source
        return result

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, index: Value, source: Value
    ) -> Sequence[Thunk | None]:
        def kept() -> Value:
            return b.put(g, index, b.full(source.type, 0), dim=self.dim)

        def passed() -> Value:
            return b.take(g, index, dim=self.dim)

        return (lambda: g) if self.accumulate else kept, None, passed

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        index = spec(3, dtype=int64, low=0, high=3)
        yield sample(cls(), spec(4, 2), index, spec(3, 2))
        yield sample(
            cls(1, accumulate=True),
            spec(2, 4),
            spec(2, 3, dtype=int64, high=4, low=0),
            spec(2, 2, 3),
        )

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls(),
            "is f64[2,3], but the source is f64[3,2]",
            spec(4, 3),
            spec(2, dtype=int64),
            spec(3, 2),
        )


def check_gather(name: str, x: TensorType, index: TensorType, dim: int) -> None:
    check_dims(name, (dim,), x)
    check_index_type(name, index)
    require(
        index.rank == x.rank,
        f"{name}: index {index} must have as many dimensions as {x}",
    )
    for i, (have, asked) in enumerate(zip(x.shape, index.shape, strict=True)):
        fits = i == dim or have == asked or known(asked) <= known(have)
        require(fits, f"{name}: index {index} is larger than {x} in dim {i}")


def gather_place(index: Array, dim: int) -> tuple[Array, ...]:
    """For each element of the index, where it points."""
    place: list[Array] = list(np.indices(index.shape, sparse=True))
    place[dim] = index
    return tuple(place)


@op
class Gather(Op):
    """result[i][j] = x[index[i][j]][j] for dim 0, and likewise along any dim."""

    name = "gather"
    arity = 2
    checks = True
    dim: int

    def infer(self, *types: TensorType) -> TensorType:
        x, index = types
        check_gather("gather", x, index, self.dim)
        return x.with_shape(index.shape)

    def ref(self, x: Array, index: Array) -> Any:
        check_bounds("gather", index, x.shape[self.dim], self.dim)
        return x[gather_place(index, self.dim)]

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, index: Value
    ) -> Sequence[Thunk | None]:
        return lambda: b.scatter(b.full(x.type, 0), index, g, dim=self.dim, accumulate=True), None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 4), spec(2, 3, dtype=int64, low=0, high=4))
        yield sample(cls(0), spec(4, 3), spec(2, 2, dtype=int64, low=0, high=4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(0), "must have as many dimensions", spec(4, 3), spec(2, dtype=int64))
        yield mistake(cls(0), "larger than f64[4,3] in dim 1", spec(4, 3), spec(2, 5, dtype=int64))


@op
class Scatter(Op):
    """x with result[index[i][j]][j] = source[i][j] for dim 0, and likewise along any dim; or increased by it."""

    name = "scatter"
    arity = 3
    checks = True
    dim: int
    accumulate: bool = False

    def infer(self, *types: TensorType) -> TensorType:
        x, index, source = types
        check_gather("scatter", x, index, self.dim)
        require(
            source is x.with_shape(index.shape),
            f"scatter: the source {source} must be {x.with_shape(index.shape)}, as the index {index} says",
        )
        return x

    def ref(self, x: Array, index: Array, source: Array) -> Any:
        check_bounds("scatter", index, x.shape[self.dim], self.dim)
        result = x.copy()
        place = gather_place(index, self.dim)
        if self.accumulate:
            np.add.at(result, place, source)
        else:
            result[place] = source
        return result

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, index: Value, source: Value
    ) -> Sequence[Thunk | None]:
        def kept() -> Value:
            return b.scatter(g, index, b.full(source.type, 0), dim=self.dim)

        return (
            (lambda: g) if self.accumulate else kept,
            None,
            lambda: b.gather(g, index, dim=self.dim),
        )

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        index = spec(2, 3, dtype=int64, low=0, high=4)
        yield sample(cls(1, accumulate=True), spec(2, 4), index, spec(2, 3))
        yield sample(cls(0), spec(4, 3), spec(1, 3, dtype=int64, low=0, high=4), spec(1, 3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls(0), "the source f64[2] must be f64[3]", spec(4), spec(3, dtype=int64), spec(2)
        )


@op
class OneHot(Op):
    """1 at the place that each element names along a new last dimension, 0 elsewhere."""

    name = "one_hot"
    classes: Dim
    dtype: DType = int64

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk((*types[0].shape, self.classes), (types[0].rank,))

    def infer(self, *types: TensorType) -> TensorType:
        (index,) = types
        check_index_type("one_hot", index)
        return TensorType(self.dtype, (*index.shape, self.classes))

    def ref(self, index: Array) -> Any:
        return (index[..., None] == np.arange(known(self.classes))).astype(self.dtype.numpy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(4), spec(3, dtype=int64, low=0, high=4))
        yield sample(cls(3, dtype=float64), spec(2, 2, dtype=int64, low=-1, high=4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(4), "the index must hold integers, not f64[3]", spec(3))
