"""Arithmetic on two tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..dtypes import bool_, float32, int64
from ..errors import DivisionError
from ..op import Array, Producer, Thunk, op
from ..samples import Mistake, Sample, binary, mistake, sample, spec
from ..values import Const, Value
from .elementwise import Numeric

ADJACENT = ((2, 3), (4, 3))


def is_number(value: Value, number: float) -> bool:
    """Is this operand the constant `number`?"""
    return isinstance(value, Const) and value.number == number


class Binary(Numeric):
    """Two numeric operands."""

    arity = 2

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls())
        yield sample(
            cls(), spec(2, 3, dtype=int64, low=-9, high=9), spec(3, dtype=int64, low=1, high=9)
        )

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "sizes 2 and 4 differ and neither is 1", *(spec(*s) for s in ADJACENT))
        yield mistake(cls(), "operands differ in dtype", spec(2), spec(2, dtype=float32))
        yield mistake(cls(), "takes 2 operands, not 1", spec(2))
        yield mistake(cls(), "not defined for bool", spec(2, dtype=bool_), spec(2, dtype=bool_))


@op
class Add(Binary):
    """Sum of two tensors."""

    name = "add"
    expr = "({0} + {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.add(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: g, lambda: g

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        if is_number(x, 0):
            return y
        return x if is_number(y, 0) else None


@op
class Sub(Binary):
    """Difference of two tensors."""

    name = "sub"
    expr = "({0} - {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.subtract(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: g, lambda: b.neg(g)

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        if is_number(x, 0):
            return b.neg(y)
        return x if is_number(y, 0) else None


@op
class Mul(Binary):
    """Product of two tensors."""

    name = "mul"
    expr = "({0} * {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.multiply(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: b.mul(g, y), lambda: b.mul(g, x)

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        if is_number(x, 1):
            return y
        if is_number(y, 1):
            return x
        if is_number(x, -1):
            return b.neg(y)
        return b.neg(x) if is_number(y, -1) else None


@op
class Div(Binary):
    """True quotient of two floating-point tensors."""

    name = "div"
    expr = "({0} / {1})"
    kinds = ("float",)

    def ref(self, x: Array, y: Array) -> Any:
        return np.divide(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: b.div(g, y), lambda: b.neg(b.div(b.mul(g, out), y))

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        return x if is_number(y, 1) else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls(), low=0.5, high=3.0)


@op
class FloorDiv(Binary):
    """Quotient rounded towards minus infinity, as Python's `//`."""

    name = "floor_div"
    expr = "floor_div({0}, {1})"

    def ref(self, x: Array, y: Array) -> Any:
        if x.dtype.kind in "iu" and not np.all(y):
            raise DivisionError("floor_div: integer division by zero")
        return np.floor_divide(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: b.full(x.type, 0), lambda: b.full(y.type, 0)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls(), low=0.5, high=3.0)
        yield sample(
            cls(), spec(2, 3, dtype=int64, low=-9, high=9), spec(3, dtype=int64, low=1, high=9)
        )


@op
class Remainder(Binary):
    """What is left of a floored division, as Python's `%`: the sign is the divisor's."""

    name = "remainder"
    expr = "remainder({0}, {1})"

    def ref(self, x: Array, y: Array) -> Any:
        if x.dtype.kind in "iu" and not np.all(y):
            raise DivisionError("remainder: integer division by zero")
        return np.remainder(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: g, lambda: b.neg(b.mul(g, b.floor(b.div(x, y))))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls(), low=0.53, high=3.0)
        yield sample(
            cls(), spec(2, 3, dtype=int64, low=-9, high=9), spec(3, dtype=int64, low=1, high=9)
        )


def simple_power(x: Array, exponent: float) -> Any:
    """The exponents for which a product or a root is exact and fast; None for all others."""
    match exponent:
        case 2:
            return np.multiply(x, x)
        case 3:
            return x * x * x
        case 0.5:
            return np.sqrt(x)
        case -1:
            return np.reciprocal(x)
        case -0.5:
            return np.reciprocal(np.sqrt(x))
    return None


@op
class Pow(Binary):
    """The first operand raised to the second."""

    name = "pow"
    expr = "pow({0}, {1})"

    def ref(self, x: Array, y: Array) -> Any:
        if y.ndim == 0 and x.dtype.kind == "f":
            simple = simple_power(x, float(y))
            if simple is not None:
                return simple
        if y.dtype.kind == "i" and np.any(y < 0):
            raise ValueError(
                "pow: integers to negative integer powers are not integers; cast to float"
            )
        return np.power(x, y)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        return lambda: self.base_gradient(b, g, x, y), lambda: self.exponent_gradient(
            b, g, out, x, y
        )

    def base_gradient(self, b: Builder, g: Value, x: Value, y: Value) -> Value:
        """g·y·x^(y−1), and 0 where y is 0 even if x is 0 too."""
        if isinstance(y, Const):
            if y.number == 0:
                return b.full(x.type, 0)
            lower = x if y.number == 2 else b.pow(x, y.number - 1)
            return b.mul(g, b.mul(lower, y))
        return b.where(b.eq(y, 0), 0.0, b.mul(g, b.mul(y, b.pow(x, b.sub(y, 1)))))

    def exponent_gradient(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Value:
        """g·x^y·log x, and 0 where x is 0 and y is not negative."""
        flat = b.logical_and(b.eq(x, 0), b.ge(y, 0))
        return b.where(flat, 0.0, b.mul(g, b.mul(out, b.log(x))))

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        if is_number(y, 1):
            return x
        return b.mul(x, x) if is_number(y, 2) else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls(), low=0.3, high=3.0)
        yield sample(
            cls(), spec(2, 3, dtype=int64, low=-9, high=9), spec(3, dtype=int64, low=0, high=4)
        )
