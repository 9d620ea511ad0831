"""Sign and rounding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..op import Array, Producer, Thunk, op
from ..samples import Sample, unary
from ..values import Value
from .elementwise import Numeric


@op
class Neg(Numeric):
    """The negative."""

    name = "neg"
    expr = "(-{0})"

    def ref(self, x: Array) -> Any:
        return np.negative(x)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.neg(g),)

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        made = producer(x)
        return made.operands[0] if made and isinstance(made.op, Neg) else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from unary(cls())


@op
class Abs(Numeric):
    """The absolute value; its slope at 0 is taken as 0."""

    name = "abs"
    expr = "abs({0})"

    def ref(self, x: Array) -> Any:
        return np.abs(x)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.mul(g, b.sign(x)),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from unary(cls())


class Stepwise(Numeric):
    """A piecewise constant op: its gradient is zero."""

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.full(x.type, 0),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from unary(cls(), low=-2.9, high=3.1)


@op
class Sign(Stepwise):
    """-1, 0 or 1; 0 for NaN."""

    name = "sign"
    expr = "sign({0})"

    def ref(self, x: Array) -> Any:
        return np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype)


@op
class Floor(Stepwise):
    """The largest integer not above."""

    name = "floor"
    expr = "floor({0})"

    def ref(self, x: Array) -> Any:
        return np.floor(x) if x.dtype.kind not in "iu" else x.copy()


@op
class Ceil(Stepwise):
    """The smallest integer not below."""

    name = "ceil"
    expr = "ceil({0})"

    def ref(self, x: Array) -> Any:
        return np.ceil(x) if x.dtype.kind not in "iu" else x.copy()


@op
class Round(Stepwise):
    """The nearest integer, halves to the even one."""

    name = "round"
    expr = "rint({0})"

    def ref(self, x: Array) -> Any:
        return np.rint(x) if x.dtype.kind not in "iu" else x.copy()
