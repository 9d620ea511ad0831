"""Ops that fold dimensions away: sums, products, extrema, truth, stable exponentials, places of extrema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir as ll

from ....ir.dtypes import DType, int32, int64
from ....ir.ops import reduction as rd
from ..kernel import Kernel
from ..rows import ALL, ANY, LARGEST, PRODUCT, SMALLEST, SUM, TOP, Fold, Panel, Place, State
from ..rows.geometry import size_of
from ..vector import Vector, math, splat
from ..vector.arithmetic import compare, like
from ..vector.convert import cast
from ..vector.kinds import constant, real
from ..vector.real import Real, select
from .rows import reducing
from .rule import Job, lowers
from .scalar import ORDER_FREE as ORDER_FREE

FOLDS: dict[type, Fold] = {
    rd.Sum: SUM,
    rd.Mean: SUM,
    rd.Prod: PRODUCT,
    rd.All: ALL,
    rd.Any_: ANY,
    rd.AMax: LARGEST,
    rd.AMin: SMALLEST,
}


@lowers(*FOLDS, tails=True)
def fold(job: Job) -> Kernel:
    rows = reducing(job, job.op.dims)
    count = size_of(job.layouts[0].shape, job.op.dims)

    def program(panel: Panel) -> None:
        found = panel.fold(FOLDS[type(job.op)], job.dtypes[0], lambda place: place.wide(0))
        for place, total in zip(panel.results(), found, strict=True):
            if isinstance(job.op, rd.Mean):
                total = like(total, (real(panel.builder, total) / float(count)).value)
            rows.ending.store(place, total)

    return rows.kernel(program)


def powers(panel: Panel, tops: Sequence[Vector]) -> Callable[[Place], Vector]:
    """exp(x - top), for the elements of the first buffer."""
    dtype = panel.buffers[0].dtype

    def power(place: Place) -> Vector:
        shifted = place.number(0) - place.spread(tops[place.group])
        return Vector(math.exp(shifted).value, dtype, place.lanes)

    return power


def largest(panel: Panel) -> list[Vector]:
    """The largest elements of the first buffer, as `TOP` finds them."""
    return panel.fold(TOP, panel.buffers[0].dtype, lambda place: place.wide(0))


@lowers(rd.LogSumExp, tails=True)
def logsumexp(job: Job) -> Kernel:
    rows, dtype = reducing(job, job.op.dims), job.dtypes[0]

    def program(panel: Panel) -> None:
        tops = [like(t, _finite(real(panel.builder, t)).value) for t in largest(panel)]
        totals = panel.fold(SUM, dtype, powers(panel, tops))
        for place, top, total in zip(panel.results(), tops, totals, strict=True):
            result = math.log(real(panel.builder, total)) + real(panel.builder, top)
            rows.ending.store(place, like(top, result.value))

    return rows.kernel(program)


def _finite(x: Real) -> Real:
    """0 in place of an infinity."""
    return select(abs(x) < float("inf"), x, 0.0)


@lowers(rd.ArgMax, rd.ArgMin, tails=True)
def position(job: Job) -> Kernel:
    """The state is the best element so far and its place; lanes and accumulators see elements in ascending order."""
    rows, dtype = reducing(job, (job.op.dim,)), job.dtypes[0]
    how, extreme = (">", LARGEST) if isinstance(job.op, rd.ArgMax) else ("<", SMALLEST)
    places = int32 if dtype.itemsize <= 4 and job.layouts[0].shape[job.op.dim] < 2**31 else int64

    def program(panel: Panel) -> None:
        lanes, builder = panel.geometry.lanes, panel.builder
        start = (constant(dtype, extreme.start(dtype), lanes), constant(places, 0, lanes))

        def visit(state: State, place: Place) -> State:
            seen = (place.wide(0), _numbers(place, places, panel.geometry.along))
            return _chosen(builder, _beats(builder, how, seen[0], state[0]), seen, state)

        def join(x: State, y: State) -> State:
            first = compare(builder, "<", y[1], x[1]).value
            tied = builder.and_(first, builder.not_(_beats(builder, how, x[0], y[0])))
            return _chosen(builder, builder.or_(_beats(builder, how, y[0], x[0]), tied), y, x)

        for place, (_, found) in zip(
            panel.results(), panel.gather(start, visit, join), strict=True
        ):
            rows.ending.store(place, cast(builder, found, int64))

    return rows.kernel(program)


def _beats(builder: Any, how: str, x: Vector, y: Vector) -> Any:
    """Is x more extreme than y? NaN is the most extreme of all."""
    if not x.dtype.is_floating_point:
        return compare(builder, how, x, y).value
    better = builder.fcmp_unordered(how, x.value, y.value)
    return builder.and_(better, compare(builder, "==", y, y).value)


def _chosen(builder: Any, mask: Any, x: State, y: State) -> State:
    return tuple(like(a, builder.select(mask, a.value, b.value)) for a, b in zip(x, y, strict=True))


def _numbers(place: Place, dtype: DType, along: bool) -> Vector:
    """Where along the reduced dimension each lane is."""
    index = cast(place.builder, Vector(place.position, int64, 1), dtype)
    wide = splat(place.builder, index, place.lanes)
    if not along or place.lanes == 1:
        return wide
    steps = ll.Constant(wide.value.type, list(range(place.lanes)))
    return like(wide, place.builder.add(wide.value, steps))
