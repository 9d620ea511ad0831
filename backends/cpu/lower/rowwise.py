"""Ops that keep the shape but look along dimensions: softmax and normalisation, running sums, order."""

from __future__ import annotations

from typing import Any

from ....ir.ops import rowwise as rw
from ..kernel import Kernel
from ..layout import Layout
from ..rows import SUM
from ..vector import Vector, math
from ..vector.arithmetic import like
from ..vector.kinds import real
from ..vector.real import Real
from .reductions import average, largest, powers
from .rule import Job, at, lowers, numba_ready
from .scalar import Dims
from .walks import Each, Steps, folded, walks
from .walks_spot import Operand, Spot


@walks(rw.Softmax, full=True, passes=2, keeps=True)
def softmax(op: Any, x: Operand) -> Steps:
    power = x.kept(powers(x, (yield from largest(x))))
    totals = yield from folded(x, SUM, power)
    shares = [like(t, (1.0 / real(x.builder, t)).value) for t in totals]

    def formula(spot: Spot) -> Vector:
        mine = power(spot)
        return like(mine, (real(x.builder, mine) * spot.spread(shares)).value)

    return Each(formula)


@walks(rw.LogSoftmax, full=True, passes=2)
def log_softmax(op: Any, x: Operand) -> Steps:
    tops = yield from largest(x)
    totals = yield from folded(x, SUM, powers(x, tops))
    logs = [like(t, math.log(real(x.builder, t)).value) for t in totals]

    def formula(spot: Spot) -> Vector:
        result = (x.real(spot) - spot.spread(tops)) - spot.spread(logs)
        return Vector(result.value, x.dtype, spot.lanes)

    return Each(formula)


@walks(rw.Normalize, full=True, passes=2)
def normalize(op: Any, x: Operand) -> Steps:
    """The mean, then the mean of squared distances from it."""
    means = yield from average(x, x.at)

    def centred(spot: Spot) -> Real:
        return x.real(spot) - spot.spread(means)

    def square(spot: Spot) -> Vector:
        distance = centred(spot)
        return Vector((distance * distance).value, x.dtype, spot.lanes)

    variances = yield from average(x, square)
    scales = [like(v, (1.0 / (real(x.builder, v) + op.eps).sqrt()).value) for v in variances]

    def formula(spot: Spot) -> Vector:
        return Vector((centred(spot) * spot.spread(scales)).value, x.dtype, spot.lanes)

    return Each(formula)


@lowers(rw.CumSum, wide=True)
def cumsum(job: Job) -> Kernel:
    numba_ready(job)
    dims, here = Dims(job, (job.op.dim,)), f"r{job.op.dim}"
    size = dims.shape[job.op.dim]
    order = f"range({size} - 1, -1, -1)" if job.op.reverse else f"range({size})"
    body = [
        f"acc = as_{job.dtypes[0].name}(0)",
        f"for {here} in {order}:",
        f"    acc += {dims.element}",
        f"    x1[{at(job.layouts[1], *dims.names)}] = acc",
    ]
    return job.kernel(dims.outer(body))


@lowers(rw.ArgSort, wide=True)
def argsort(job: Job) -> Kernel:
    """By merging ever longer sorted runs. A result holds a number twice, in its low and its high half: the runs lie in
    one, the merged ones go to the other.
    """
    numba_ready(job)
    d, (x, out) = job.op.dim, job.layouts
    dims, size = Dims(job, (d,)), x.shape[job.op.dim]

    def along(layout: Layout, place: str) -> str:
        return at(layout, *(place if k == d else n for k, n in enumerate(dims.names)))

    def run(place: str) -> str:
        return f"(x1[{along(out, place)}] >> low & 4294967295)"

    before = "v > w or (v != v and w == w)" if job.op.descending else "v < w or (w != w and v == v)"
    body = [
        f"for r in range({size}):",
        f"    x1[{along(out, 'r')}] = r",
        "low, width = 0, 1",
        f"while width < {size}:",
        f"    for start in range(0, {size}, 2 * width):",
        f"        middle = start + width if start + width < {size} else {size}",
        f"        stop = start + 2 * width if start + 2 * width < {size} else {size}",
        "        left, right = start, middle",
        "        for r in range(start, stop):",
        "            later = left >= middle",
        "            if left < middle and right < stop:",
        f"                v, w = x0[{along(x, run('right'))}], x0[{along(x, run('left'))}]",
        f"                later = {before}",
        f"            taken = {run('right')} if later else {run('left')}",
        "            right, left = right + later, left + (not later)",
        f"            x1[{along(out, 'r')}] = x1[{along(out, 'r')}] & (4294967295 << low) | taken << (32 - low)",
        "    low, width = 32 - low, 2 * width",
        f"for r in range({size}):",
        f"    x1[{along(out, 'r')}] = {run('r')}",
    ]
    return job.kernel(dims.outer(body))
