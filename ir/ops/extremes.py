"""The larger, the smaller, and one-sided bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..op import Array, Thunk, op
from ..values import Value
from .arithmetic import Binary


class Extremum(Binary):
    """The larger or the smaller operand. NaN wins; where both are equal each gets half the gradient."""

    commutative = True

    def chosen(self, b: Builder, x: Value, y: Value) -> Value:
        raise NotImplementedError

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        def share(mine: Value, other: Value) -> Value:
            halved = b.where(b.eq(mine, other), b.mul(g, 0.5), g)
            return b.where(self.chosen(b, other, mine), 0.0, halved)

        return lambda: share(x, y), lambda: share(y, x)


@op
class Maximum(Extremum):
    """The larger of two elements."""

    name = "maximum"
    expr = "maximum({0}, {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.maximum(x, y)

    def chosen(self, b: Builder, x: Value, y: Value) -> Value:
        return b.gt(x, y)


@op
class Minimum(Extremum):
    """The smaller of two elements."""

    name = "minimum"
    expr = "minimum({0}, {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.minimum(x, y)

    def chosen(self, b: Builder, x: Value, y: Value) -> Value:
        return b.lt(x, y)


class Clamp(Binary):
    """A one-sided bound. At the bound the gradient still goes to the first operand; NaN gets none."""

    def within(self, b: Builder, x: Value, bound: Value) -> Value:
        raise NotImplementedError

    def beyond(self, b: Builder, x: Value, bound: Value) -> Value:
        raise NotImplementedError

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, bound: Value
    ) -> Sequence[Thunk | None]:
        return (
            lambda: b.where(self.within(b, x, bound), g, 0.0),
            lambda: b.where(self.beyond(b, x, bound), g, 0.0),
        )


@op
class ClampMin(Clamp):
    """At least the bound."""

    name = "clamp_min"
    expr = "maximum({0}, {1})"

    def ref(self, x: Array, bound: Array) -> Any:
        return np.maximum(x, bound)

    def within(self, b: Builder, x: Value, bound: Value) -> Value:
        return b.ge(x, bound)

    def beyond(self, b: Builder, x: Value, bound: Value) -> Value:
        return b.lt(x, bound)


@op
class ClampMax(Clamp):
    """At most the bound."""

    name = "clamp_max"
    expr = "minimum({0}, {1})"

    def ref(self, x: Array, bound: Array) -> Any:
        return np.minimum(x, bound)

    def within(self, b: Builder, x: Value, bound: Value) -> Value:
        return b.le(x, bound)

    def beyond(self, b: Builder, x: Value, bound: Value) -> Value:
        return b.gt(x, bound)
