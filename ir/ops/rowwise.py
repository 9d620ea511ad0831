"""Ops that work along dimensions and keep the shape: running sums, softmax, normalisation and order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..attributes import attributed
from ..builder import Builder
from ..dtypes import int64
from ..errors import DTypeError, require
from ..op import Array, Op, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import TensorType
from ..values import Value
from ..walk import Walk
from .reduction import Dims, accumulator, check_dims


def check_float(name: str, x: TensorType) -> None:
    require(x.dtype.is_floating_point, f"{name} is not defined for {x}", DTypeError)


@attributed
class AlongDim(Op):
    """Works along one dimension of one operand; the result has the operand's type."""

    dim: int

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk(types[0].shape, (self.dim,))

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, (self.dim,), x)
        check_float(self.name, x)
        return x

    def total(self, b: Builder, x: Value) -> Value:
        return b.sum(x, dims=(self.dim,), keepdim=True)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 3))
        yield sample(cls(0), spec(4, 3, 2))
        yield sample(cls(0), spec(5))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(2), "dims [2] do not fit f64[2,3]", spec(2, 3))
        yield mistake(cls(0), "not defined for i64[3]", spec(3, dtype=int64))


@op
class Softmax(AlongDim):
    """exp(x) divided by its sum along the dimension."""

    name = "softmax"
    work = 4

    def ref(self, x: Array) -> Any:
        return softmax(x, self.dim)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.mul(b.sub(g, self.total(b, b.mul(g, out))), out),)


@op
class LogSoftmax(AlongDim):
    """The logarithm of the softmax."""

    name = "log_softmax"
    work = 4

    def ref(self, x: Array) -> Any:
        return log_softmax(x, self.dim)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.sub(g, b.mul(b.exp(out), self.total(b, g))),)


def softmax(x: Array, dim: int) -> Array:
    power = np.exp(x - np.max(x, dim, keepdims=True, initial=-np.inf))
    return np.asarray(power / np.sum(power, dim, accumulator(x), keepdims=True), x.dtype)


def log_softmax(x: Array, dim: int) -> Array:
    shifted = x - np.max(x, dim, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), dim, keepdims=True)), x.dtype)


@op
class CumSum(Op):
    """Running sums along a dimension, from the front or (`reverse`) from the back."""

    name = "cumsum"
    work = 1
    dim: int
    reverse: bool = False

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, (self.dim,), x)
        return x

    def ref(self, x: Array) -> Any:
        if self.reverse:
            return np.flip(np.cumsum(np.flip(x, self.dim), self.dim, x.dtype), self.dim)
        return np.cumsum(x, self.dim, x.dtype)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.cumsum(g, dim=self.dim, reverse=not self.reverse),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 3))
        yield sample(cls(0, reverse=True), spec(4, 2))
        yield sample(cls(0), spec(4, dtype=int64, low=-9, high=9))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(1), "dims [1] do not fit f64[3]", spec(3))


@op
class Normalize(Op):
    """(x - mean) / sqrt(variance + eps) over `dims`: the heart of layer and batch normalisation."""

    name = "normalize"
    work = 7
    dims: Dims
    eps: float

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk(types[0].shape, self.dims)

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, self.dims, x)
        check_float(self.name, x)
        return x

    def ref(self, x: Array) -> Any:
        wide = x.astype(accumulator(x), copy=False)
        centred = wide - np.mean(wide, self.dims, keepdims=True)
        variance = np.mean(centred * centred, self.dims, keepdims=True)
        return (centred / np.sqrt(variance + np.asarray(self.eps, wide.dtype))).astype(
            x.dtype, copy=False
        )

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        def mean(v: Value) -> Value:
            return b.mean(v, dims=self.dims, keepdim=True)

        def share() -> Value:
            centred = b.sub(x, mean(x))
            scale = b.rsqrt(b.add(mean(b.mul(centred, centred)), self.eps))
            along = b.mul(out, mean(b.mul(g, out)))
            return b.mul(b.sub(b.sub(g, mean(g)), along), scale)

        return (share,)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((1,), 1e-5), spec(2, 3))
        yield sample(cls((0, 2), 1e-3), spec(2, 3, 4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((2,), 1e-5), "dims [2] do not fit f64[2,3]", spec(2, 3))
        yield mistake(cls((0,), 1e-5), "not defined for i64[3]", spec(3, dtype=int64))


@op
class ArgSort(Op):
    """The order that sorts along a dimension; equal elements keep their order, NaN counts as the largest."""

    name = "argsort"
    dim: int
    descending: bool = False

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        check_dims(self.name, (self.dim,), x)
        return x.with_dtype(int64)

    def ref(self, x: Array) -> Any:
        if not self.descending:
            return np.argsort(x, self.dim, kind="stable")
        backwards = np.argsort(np.flip(x, self.dim), self.dim, kind="stable")
        return x.shape[self.dim] - 1 - np.flip(backwards, self.dim)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(1), spec(2, 5))
        yield sample(cls(0, descending=True), spec(4, 2))
        yield sample(cls(0, descending=True), spec(9, dtype=int64, low=0, high=4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(1), "dims [1] do not fit f64[3]", spec(3))
