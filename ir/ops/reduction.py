"""Ops that fold dimensions away: sums, products, extrema, truth, and the stable exponentials built on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..attributes import attributed
from ..builder import Builder
from ..dtypes import bool_, float32, int64
from ..errors import DimError, DTypeError, require
from ..op import Array, Op, Thunk, op
from ..samples import Mistake, Sample, Spec, mistake, sample, spec
from ..types import TensorType, without_dims
from ..values import Value
from ..walk import Walk

Dims = tuple[int, ...]


def check_dims(name: str, dims: Dims, type: TensorType) -> None:
    """Dimensions in the IR are counted from the front, ascending, each once."""
    require(
        all(0 <= d < type.rank for d in dims) and list(dims) == sorted(set(dims)),
        f"{name}: dims {list(dims)} do not fit {type}; they must be ascending in 0..{type.rank - 1}",
        DimError,
    )


def accumulator(x: Array) -> Any:
    """16-bit floats are summed in float32."""
    return np.float32 if x.dtype.itemsize == 2 and x.dtype.kind not in "iub" else x.dtype


@attributed
class Reduction(Op):
    """Folds the dimensions `dims` into one element each."""

    kinds: ClassVar[tuple[str, ...]] = ("float", "int")
    low: ClassVar[float] = -2.0
    needs_elements: ClassVar[bool] = False
    work = 1
    dims: Dims
    keepdim: bool = False

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk(types[0].shape, self.dims)

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, self.dims, x)
        require(x.dtype.kind in self.kinds, f"{self.name} is not defined for {x}", DTypeError)
        empty = [d for d in self.dims if x.shape[d] == 0]
        require(
            not (self.needs_elements and empty),
            f"{self.name}: {x} has no elements along dim {empty and empty[0]} to choose from",
            DimError,
        )
        return x.with_shape(without_dims(x.shape, self.dims, self.keepdim))

    def spread(self, b: Builder, value: Value, x: Value) -> Value:
        """A value of the result's shape, shaped to broadcast against the operand."""
        return b.restore_dims(value, x.type.shape, self.dims, self.keepdim)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        def make(*shape: int) -> Spec:
            if cls.kinds == ("bool",):
                return spec(*shape, dtype=bool_, low=0, high=2)
            return spec(*shape, low=cls.low)

        yield sample(cls((0, 1)), make(2, 3))
        yield sample(cls((1,), keepdim=True), make(2, 3, 4))
        yield sample(cls((0, 2)), make(2, 3, 4))
        yield sample(cls(()), make())

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        kind = bool_ if cls.kinds == ("bool",) else float32
        yield mistake(cls((2,)), "dims [2] do not fit", spec(2, 3, dtype=kind))
        yield mistake(cls((1, 0)), "must be ascending", spec(2, 3, dtype=kind))


@op
class Sum(Reduction):
    """The sum."""

    name = "sum"

    def ref(self, x: Array) -> Any:
        return np.sum(x, self.dims, accumulator(x), keepdims=self.keepdim).astype(
            x.dtype, copy=False
        )

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.expand(self.spread(b, g, x), shape=x.type.shape),)

    def fold(self, b: Builder, producer: object, x: Value) -> Value | None:
        return x if not self.dims else None


@op
class Mean(Reduction):
    """The arithmetic mean."""

    name = "mean"
    kinds = ("float",)

    def ref(self, x: Array) -> Any:
        count = np.prod([x.shape[d] for d in self.dims], dtype=np.int64)
        total = np.sum(x, self.dims, accumulator(x), keepdims=self.keepdim)
        return np.divide(total, np.asarray(count, total.dtype)).astype(x.dtype, copy=False)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        def share() -> Value:
            each = b.div(g, float(b.count(x.type.shape, self.dims)))
            return b.expand(self.spread(b, each, x), shape=x.type.shape)

        return (share,)


@op
class Prod(Reduction):
    """The product. Its gradient is right where elements are 0, too."""

    name = "prod"
    low = -2.3

    def ref(self, x: Array) -> Any:
        return np.prod(x, self.dims, accumulator(x), keepdims=self.keepdim).astype(
            x.dtype, copy=False
        )

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        def others() -> Value:
            """The product of all other elements: of the non-zero ones, where no *other* element is zero."""
            zero = b.eq(x, 0)
            filled = b.where(zero, 1.0, x)
            product = b.prod(filled, dims=self.dims, keepdim=True)
            zeros = b.sum(b.cast(zero, dtype=x.type.dtype), dims=self.dims, keepdim=True)
            mine = b.cast(zero, dtype=x.type.dtype)
            alone = b.eq(b.sub(zeros, mine), 0)
            return b.where(alone, b.mul(self.spread(b, g, x), b.div(product, filled)), 0.0)

        return (others,)


class Extreme(Reduction):
    """The largest or smallest element; equal ones share the gradient evenly."""

    kinds = ("float", "int", "bool")
    needs_elements = True

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        def share() -> Value:
            hit = b.cast(b.eq(x, self.spread(b, out, x)), dtype=x.type.dtype)
            count = b.sum(hit, dims=self.dims, keepdim=True)
            return b.mul(hit, b.div(self.spread(b, g, x), count))

        return (share,)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((1,)), "has no elements along dim 1", spec(2, 0))


@op
class AMax(Extreme):
    """The largest element; NaN wins."""

    name = "amax"

    def ref(self, x: Array) -> Any:
        return np.max(x, self.dims, keepdims=self.keepdim)


@op
class AMin(Extreme):
    """The smallest element; NaN wins."""

    name = "amin"

    def ref(self, x: Array) -> Any:
        return np.min(x, self.dims, keepdims=self.keepdim)


class Truth(Reduction):
    """A reduction of truth values."""

    kinds = ("bool",)


@op
class All(Truth):
    """Are all elements true?"""

    name = "all"

    def ref(self, x: Array) -> Any:
        return np.all(x, self.dims, keepdims=self.keepdim)


@op
class Any_(Truth):
    """Is any element true?"""

    name = "any"

    def ref(self, x: Array) -> Any:
        return np.any(x, self.dims, keepdims=self.keepdim)


@op
class LogSumExp(Reduction):
    """log of the sum of exponentials, shifted by the largest element so that nothing overflows."""

    name = "logsumexp"
    work = 3
    kinds = ("float",)

    def ref(self, x: Array) -> Any:
        top = np.max(x, self.dims, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))
        with np.errstate(divide="ignore"):
            total = np.log(np.sum(np.exp(x - top), self.dims, keepdims=True)) + top
        return total if self.keepdim else np.squeeze(total, self.dims)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        def share() -> Value:
            weight = b.exp(b.sub(x, self.spread(b, out, x)))
            return b.mul(self.spread(b, g, x), weight)

        return (share,)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((0,)), "not defined for i64[3]", spec(3, dtype=int64))


@attributed
class Position(Op):
    """Where along `dim` the extreme element stands: the first such place."""

    dim: int
    keepdim: bool = False

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk(types[0].shape, (self.dim,))

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, (self.dim,), x)
        require(
            x.shape[self.dim] != 0,
            f"{self.name}: {x} has no elements along dim {self.dim} to choose from",
            DimError,
        )
        return TensorType(int64, without_dims(x.shape, (self.dim,), self.keepdim))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 3))
        yield sample(cls(0, keepdim=True), spec(4, 3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(2), "dims [2] do not fit", spec(2, 3))
        yield mistake(cls(1), "has no elements along dim 1", spec(2, 0))


@op
class ArgMax(Position):
    """The place of the largest element."""

    name = "argmax"

    def ref(self, x: Array) -> Any:
        return np.argmax(x, self.dim, keepdims=self.keepdim)


@op
class ArgMin(Position):
    """The place of the smallest element."""

    name = "argmin"

    def ref(self, x: Array) -> Any:
        return np.argmin(x, self.dim, keepdims=self.keepdim)
