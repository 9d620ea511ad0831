"""Ops that fold dimensions away: sums, products, extrema, truth, stable exponentials."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from ....ir.ops import reduction as rd
from ..rows import ALL, ANY, LARGEST, PRODUCT, SMALLEST, SUM, TOP, Fold, State
from ..vector import Vector, math
from ..vector.arithmetic import like
from ..vector.kinds import real
from ..vector.real import Real, select
from .walks import Gathering, Once, Steps, folded, walks
from .walks_spot import Operand, Spot, Term

FOLDS: dict[type, Fold] = {
    rd.Sum: SUM,
    rd.Prod: PRODUCT,
    rd.All: ALL,
    rd.Any_: ANY,
    rd.AMax: LARGEST,
    rd.AMin: SMALLEST,
}
Found = Generator[Gathering, list[State], list[Vector]]


@walks(*FOLDS)
def fold(op: Any, x: Operand) -> Steps:
    return Once((yield from folded(x, FOLDS[type(op)])))


@walks(rd.Mean)
def mean(op: Any, x: Operand) -> Steps:
    return Once((yield from average(x, x.at)))


def average(x: Operand, term: Term) -> Found:
    """The mean of the terms of all elements."""
    totals = yield from folded(x, SUM, term)
    return [like(t, (real(x.builder, t) / float(x.size)).value) for t in totals]


def largest(x: Operand) -> Found:
    """The largest elements, as `TOP` finds them."""
    return (yield from folded(x, TOP))


def powers(x: Operand, tops: Sequence[Vector]) -> Term:
    """exp(x - top)."""

    def power(spot: Spot) -> Vector:
        shifted = x.real(spot) - spot.spread(tops)
        return Vector(math.exp(shifted).value, x.dtype, spot.lanes)

    return power


@walks(rd.LogSumExp, passes=2)
def logsumexp(op: Any, x: Operand) -> Steps:
    tops = [like(t, _finite(real(x.builder, t)).value) for t in (yield from largest(x))]
    totals = yield from folded(x, SUM, powers(x, tops))
    return Once([_log_of(x, *pair) for pair in zip(totals, tops, strict=True)])


def _log_of(x: Operand, total: Vector, top: Vector) -> Vector:
    return like(top, (math.log(real(x.builder, total)) + real(x.builder, top)).value)


def _finite(x: Real) -> Real:
    """0 in place of an infinity."""
    return select(abs(x) < float("inf"), x, 0.0)
