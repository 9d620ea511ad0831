"""Products and sums that go together: one op, one pass over memory, where two or three would be needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..dtypes import float32, int64
from ..op import Array, Producer, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..values import Value
from .arithmetic import is_number
from .elementwise import Floating


def into(temporary: Any, other: Array) -> Array | None:
    """Where a ufunc of a temporary and another operand may put its result: the temporary, if it is large enough."""
    fits = isinstance(temporary, np.ndarray) and other.shape in ((), temporary.shape)
    return temporary if fits else None


class Ternary(Floating):
    """Three floating-point operands."""

    arity = 3

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(2, 3), spec(2, 3), spec(2, 3))
        yield sample(cls(), spec(2, 3), spec(2, 3), spec())
        yield sample(cls(), spec(2, 1, 3), spec(4, 1), spec(3))
        yield sample(cls(), spec(), spec(), spec())
        yield sample(cls(), spec(0, 3), spec(3), spec(1, 1))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "takes 3 operands, not 2", spec(2), spec(2))
        yield mistake(cls(), "sizes 2 and 4 differ and neither is 1", spec(2), spec(2), spec(4))
        yield mistake(cls(), "operands differ in dtype", spec(2), spec(2), spec(2, dtype=float32))
        yield mistake(cls(), "not defined for i64", *(spec(2, dtype=int64),) * 3)


@op
class Lerp(Ternary):
    """Part of the way, `weight`, from the first operand to the second."""

    name = "lerp"
    expr = "({0} + {2} * ({1} - {0}))"

    def ref(self, x: Array, end: Array, weight: Array) -> Any:
        way = np.subtract(end, x)
        way = np.multiply(way, weight, out=into(way, weight))
        return np.add(way, x, out=into(way, x))

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, end: Value, weight: Value
    ) -> Sequence[Thunk | None]:
        return (
            lambda: b.mul(g, b.sub(1.0, weight)),
            lambda: b.mul(g, weight),
            lambda: b.mul(g, b.sub(end, x)),
        )

    def fold(
        self, b: Builder, producer: Producer, x: Value, end: Value, weight: Value
    ) -> Value | None:
        return x if is_number(weight, 0) else None


@op
class Addcmul(Ternary):
    """The first operand plus the product of the other two."""

    name = "addcmul"
    expr = "({0} + {1} * {2})"

    def ref(self, x: Array, y: Array, z: Array) -> Any:
        product = np.multiply(y, z)
        return np.add(product, x, out=into(product, x))

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, y: Value, z: Value
    ) -> Sequence[Thunk | None]:
        return lambda: g, lambda: b.mul(g, z), lambda: b.mul(g, y)

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value, z: Value) -> Value | None:
        if is_number(x, 0):
            return b.mul(y, z)
        if is_number(y, 1):
            return b.add(x, z)
        return b.add(x, y) if is_number(z, 1) else None
