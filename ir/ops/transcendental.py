"""Elementwise functions of calculus, on floating-point tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..builder import Builder
from ..dtypes import int64
from ..op import Array, Thunk, op
from ..samples import Mistake, Sample, mistake, spec, unary
from ..values import Value
from .elementwise import Floating
from .erf import erf


class Smooth(Floating):
    """A differentiable function of one operand. `slope` is its derivative, from the operand or from the result."""

    domain: ClassVar[tuple[float, float]] = (-2.0, 2.0)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        raise NotImplementedError

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.mul(g, self.slope(b, x, out)),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from unary(cls(), *cls.domain)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "not defined for i64", spec(3, dtype=int64))


@op
class Exp(Smooth):
    """e to the power of x."""

    name = "exp"
    expr = "exp({0})"

    def ref(self, x: Array) -> Any:
        return np.exp(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return out


@op
class Expm1(Smooth):
    """exp(x) - 1, accurate near 0."""

    name = "expm1"
    expr = "expm1({0})"

    def ref(self, x: Array) -> Any:
        return np.expm1(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.add(out, 1.0)


@op
class Log(Smooth):
    """The natural logarithm."""

    name = "log"
    expr = "log({0})"
    domain = (0.3, 4.0)

    def ref(self, x: Array) -> Any:
        return np.log(x)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.div(g, x),)


@op
class Log1p(Smooth):
    """log(1 + x), accurate near 0."""

    name = "log1p"
    expr = "log1p({0})"
    domain = (-0.6, 3.0)

    def ref(self, x: Array) -> Any:
        return np.log1p(x)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.div(g, b.add(x, 1.0)),)


@op
class Sqrt(Smooth):
    """The square root."""

    name = "sqrt"
    expr = "sqrt({0})"
    domain = (0.3, 4.0)

    def ref(self, x: Array) -> Any:
        return np.sqrt(x)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.div(g, b.mul(out, 2.0)),)


@op
class Rsqrt(Smooth):
    """One over the square root."""

    name = "rsqrt"
    expr = "(1 / sqrt({0}))"
    domain = (0.3, 4.0)

    def ref(self, x: Array) -> Any:
        return np.reciprocal(np.sqrt(x))

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.mul(b.pow(out, 3.0), -0.5)


@op
class Sin(Smooth):
    """The sine."""

    name = "sin"
    expr = "sin({0})"

    def ref(self, x: Array) -> Any:
        return np.sin(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.cos(x)


@op
class Cos(Smooth):
    """The cosine."""

    name = "cos"
    expr = "cos({0})"

    def ref(self, x: Array) -> Any:
        return np.cos(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.neg(b.sin(x))


@op
class Tanh(Smooth):
    """The hyperbolic tangent."""

    name = "tanh"
    expr = "tanh({0})"

    def ref(self, x: Array) -> Any:
        return np.tanh(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.sub(1.0, b.mul(out, out))


@op
class Sigmoid(Smooth):
    """1 / (1 + exp(-x)), without overflow on either side."""

    name = "sigmoid"
    expr = "sigmoid({0})"

    def ref(self, x: Array) -> Any:
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, np.ones_like(small), small) / (small + np.ones((), x.dtype))

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.mul(out, b.sub(1.0, out))


@op
class Erf(Smooth):
    """The error function."""

    name = "erf"
    expr = "erf({0})"

    def ref(self, x: Array) -> Any:
        return erf(x)

    def slope(self, b: Builder, x: Value, out: Value) -> Value:
        return b.mul(b.exp(b.neg(b.mul(x, x))), 2.0 / math.sqrt(math.pi))


@op
class Relu(Smooth):
    """x where it is positive, 0 elsewhere. Its gradient is masked by the *result*, so x need not be kept."""

    name = "relu"
    expr = "maximum({0}, 0)"
    kinds = ("float", "int")
    domain = (-2.0, 2.6)

    def ref(self, x: Array) -> Any:
        return np.maximum(x, np.zeros((), x.dtype))

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.where(b.le(out, 0), 0.0, g),)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "takes 1 operand, not 2", spec(3), spec(3))
