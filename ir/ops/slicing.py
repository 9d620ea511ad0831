"""Ops that cut tensors up and put them together."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..attributes import attributed
from ..builder import Builder
from ..dtypes import float32
from ..errors import DimError, DTypeError, require
from ..op import Array, Op, Producer, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import Dim, Shape, TensorType, known
from ..values import Value
from .reduction import Dims, check_dims


@op
class Slice(Op):
    """Every `step`-th element from `start` up to but not including `stop`, along one dimension."""

    name = "slice"
    view = True
    dim: int
    start: int
    stop: int
    step: int = 1

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims("slice", (self.dim,), x)
        size = known(x.shape[self.dim])
        require(
            0 <= self.start <= self.stop <= size and self.step > 0,
            f"slice: {self.start}:{self.stop}:{self.step} is not inside dim {self.dim} of {x}",
            DimError,
        )
        return x.with_shape((*x.shape[: self.dim], self.length, *x.shape[self.dim + 1 :]))

    @property
    def length(self) -> int:
        return -(-(self.stop - self.start) // self.step)

    def window(self) -> tuple[slice, ...]:
        return (slice(None),) * self.dim + (slice(self.start, self.stop, self.step),)

    def ref(self, x: Array) -> Any:
        return x[self.window()]

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: self.write_back(b, b.full(x.type, 0), g),)

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        return b.slice_update(
            base, value, dim=self.dim, start=self.start, stop=self.stop, step=self.step
        )

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        return x if self.step == 1 and self.infer(x.type) is x.type else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1, 1, 4), spec(2, 5))
        yield sample(cls(0, 1, 7, 3), spec(7, 2))
        yield sample(cls(0, 2, 2), spec(3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(0, 1, 5), "1:5:1 is not inside dim 0 of f64[3]", spec(3))


@op
class SliceUpdate(Op):
    """The first operand with a slice of it replaced by the second."""

    name = "slice_update"
    arity = 2
    dim: int
    start: int
    stop: int
    step: int = 1

    def window(self) -> Slice:
        return Slice(self.dim, self.start, self.stop, self.step)

    def infer(self, *types: TensorType) -> TensorType:
        base, value = types
        expected = self.window().infer(base)
        require(value is expected, f"slice_update: the slice of {base} is {expected}, not {value}")
        return base

    def ref(self, base: Array, value: Array) -> Any:
        result = base.copy()
        result[self.window().window()] = value
        return result

    def vjp(
        self, b: Builder, g: Value, out: Value, base: Value, value: Value
    ) -> Sequence[Thunk | None]:
        window = self.window()
        return (
            lambda: window.write_back(b, g, b.full(value.type, 0)),
            lambda: b.emit(window, (g,)),
        )

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1, 1, 4), spec(2, 5), spec(2, 3))
        yield sample(cls(0, 1, 7, 3), spec(7, 2), spec(2, 2))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(0, 1, 3), "the slice of f64[4] is f64[2], not f64[3]", spec(4), spec(3))


@op
class Cat(Op):
    """Operands side by side along a dimension."""

    name = "cat"
    arity = range(1, sys.maxsize)
    dim: int

    def infer(self, *types: TensorType) -> TensorType:
        first = types[0]
        check_dims("cat", (self.dim,), first)
        for t in types:
            require(
                t.rank == first.rank,
                f"cat: operands must have as many dimensions: {first} and {t} do not",
            )
            require(
                self.others(t) == self.others(first),
                f"cat: sizes must match except in dim {self.dim}: {first} and {t} do not",
            )
            require(
                t.dtype is first.dtype,
                f"cat: operands differ in dtype: {first} and {t}",
                DTypeError,
            )
        length: Dim = sum(known(t.shape[self.dim]) for t in types)
        return first.with_shape((*first.shape[: self.dim], length, *first.shape[self.dim + 1 :]))

    def others(self, type: TensorType) -> Shape:
        return type.shape[: self.dim] + ("-",) + type.shape[self.dim + 1 :]

    def ref(self, *arrays: Array) -> Any:
        return np.concatenate(arrays, self.dim)

    def vjp(self, b: Builder, g: Value, out: Value, *parts: Value) -> Sequence[Thunk | None]:
        thunks: list[Thunk | None] = []
        start = 0
        for part in parts:
            window = Slice(self.dim, start, start := start + known(part.type.shape[self.dim]))
            thunks.append(lambda window=window: b.emit(window, (g,)))  # type: ignore[misc]
        return thunks

    def fold(self, b: Builder, producer: Producer, *parts: Value) -> Value | None:
        return parts[0] if len(parts) == 1 else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 3), spec(2, 1), spec(2, 4))
        yield sample(cls(0), spec(2), spec(3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(0), "must match except in dim 0", spec(2, 3), spec(2, 4))
        yield mistake(cls(1), "must have as many dimensions", spec(2, 3), spec(2))
        yield mistake(cls(0), "differ in dtype", spec(2), spec(2, dtype=float32))


@op
class Flip(Op):
    """The order along some dimensions reversed."""

    name = "flip"
    dims: Dims

    def infer(self, *types: TensorType) -> TensorType:
        check_dims("flip", self.dims, types[0])
        return types[0]

    def ref(self, x: Array) -> Any:
        return np.flip(x, self.dims).copy()

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.flip(g, dims=self.dims),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((1,)), spec(2, 3))
        yield sample(cls((0, 2)), spec(2, 3, 4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((1,)), "dims [1] do not fit f64[3]", spec(3))


@attributed
class Triangle(Op):
    """One triangle of the last two dimensions kept, zeros elsewhere."""

    diagonal: int = 0

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        require(x.rank >= 2, f"{self.name} needs at least two dimensions, not {x}", DimError)
        return x

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.emit(self, (g,)),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(3, 4))
        yield sample(cls(diagonal=-1), spec(2, 3, 3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "needs at least two dimensions, not f64[3]", spec(3))


@op
class Tril(Triangle):
    """The lower triangle."""

    name = "tril"

    def ref(self, x: Array) -> Any:
        return np.tril(x, self.diagonal)


@op
class Triu(Triangle):
    """The upper triangle."""

    name = "triu"

    def ref(self, x: Array) -> Any:
        return np.triu(x, self.diagonal)
