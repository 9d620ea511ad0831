"""Walkers that know where along the way an element is: places of extrema, and 1 at a place."""

from __future__ import annotations

from typing import Any

from ....ir.dtypes import int32, int64
from ....ir.ops import reduction as rd
from ....ir.ops.indexing import OneHot
from ..rows import LARGEST, SMALLEST, State
from ..vector import Vector
from ..vector.arithmetic import compare, like
from ..vector.convert import cast
from ..vector.kinds import constant
from .walks import Each, Gathering, Once, Steps, walks
from .walks_spot import Operand, Spot


@walks(rd.ArgMax, rd.ArgMin)
def position(op: Any, x: Operand) -> Steps:
    """The state is the best element so far and its place; lanes and accumulators see elements in ascending order."""
    builder, dtype = x.builder, x.dtype
    how, extreme = (">", LARGEST) if isinstance(op, rd.ArgMax) else ("<", SMALLEST)
    places = int32 if dtype.itemsize <= 4 and x.size < 2**31 else int64

    def visit(state: State, spot: Spot) -> State:
        seen = (x.at(spot), spot.number(places))
        return _chosen(builder, _beats(builder, how, seen[0], state[0]), seen, state)

    def join(a: State, b: State) -> State:
        first = compare(builder, "<", b[1], a[1]).value
        tied = builder.and_(first, builder.not_(_beats(builder, how, a[0], b[0])))
        return _chosen(builder, builder.or_(_beats(builder, how, b[0], a[0]), tied), b, a)

    start = (constant(dtype, extreme.start(dtype), x.lanes), constant(places, 0, x.lanes))
    states = yield Gathering(start, visit, join)
    return Once([cast(builder, found, int64) for _, found in states])


def _beats(builder: Any, how: str, x: Vector, y: Vector) -> Any:
    """Is x more extreme than y? NaN is the most extreme of all."""
    if not x.dtype.is_floating_point:
        return compare(builder, how, x, y).value
    better = builder.fcmp_unordered(how, x.value, y.value)
    return builder.and_(better, compare(builder, "==", y, y).value)


def _chosen(builder: Any, mask: Any, x: State, y: State) -> State:
    return tuple(like(a, builder.select(mask, a.value, b.value)) for a, b in zip(x, y, strict=True))


@walks(OneHot, full=True, passes=0)
def one_hot(op: Any, index: Operand) -> Steps:
    """Places are compared as small numbers; an index that is none of them is -1."""
    yield from ()
    builder, places = index.builder, int32 if index.size < 2**31 else int64
    hot = [_place(builder, cast(builder, x, int64), index.size, places) for x in index.once()]

    def formula(spot: Spot) -> Vector:
        mine = spot.number(places)
        hit = compare(builder, "==", mine, spot.wide(hot)).value
        one, zero = (constant(op.dtype, n, spot.lanes) for n in (1, 0))
        return like(one, builder.select(hit, one.value, zero.value))

    return Each(formula)


def _place(builder: Any, index: Vector, size: int, places: Any) -> Vector:
    outside = builder.icmp_unsigned(">=", index.value, constant(int64, size, index.lanes).value)
    none = constant(int64, -1, index.lanes).value
    return cast(builder, like(index, builder.select(outside, none, index.value)), places)
