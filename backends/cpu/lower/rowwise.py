"""Ops that keep the shape but look along dimensions: softmax and normalisation, running sums, order."""

from __future__ import annotations

from ....ir.ops import rowwise as rw
from ..kernel import Kernel
from ..layout import Layout
from ..rows import SUM, Panel, Place, Program
from ..rows.geometry import size_of
from ..vector import Vector, math
from ..vector.arithmetic import like
from ..vector.kinds import real
from ..vector.real import Real
from .reductions import largest, powers
from .rows import Rows, keeping
from .rule import Job, at, lowers, numba_ready
from .scalar import Dims


@lowers(rw.Softmax, tails=True)
def softmax(job: Job) -> Kernel:
    """Powers are stored on the way where that saves computing them twice."""
    rows = keeping(job, (job.op.dim,))
    twice = job.tail is not None or rows.walk.is_short or job.dtypes[0].itemsize < 4
    return rows.kernel(_softmax_again(rows) if twice else _softmax_stored(rows))


def _softmax_again(rows: Rows) -> Program:
    def program(panel: Panel) -> None:
        power = powers(panel, largest(panel))
        shares = _inverses(panel, panel.fold(SUM, rows.job.dtypes[0], power))

        def finish(place: Place) -> None:
            x = power(place)
            product = real(place.builder, x) * place.spread(shares[place.group])
            rows.ending.store(place, like(x, product.value))

        panel.each(finish)

    return program


def _softmax_stored(rows: Rows) -> Program:
    def program(panel: Panel) -> None:
        power = powers(panel, largest(panel))

        def stored(place: Place) -> Vector:
            x = power(place)
            place.write(1, x)
            return x

        shares = _inverses(panel, panel.fold(SUM, rows.job.dtypes[0], stored))

        def finish(place: Place) -> None:
            x = place.read(1)
            product = real(place.builder, x) * place.spread(shares[place.group])
            place.write(1, like(x, product.value))

        panel.each(finish)

    return program


def _inverses(panel: Panel, totals: list[Vector]) -> list[Vector]:
    return [like(t, (1.0 / real(panel.builder, t)).value) for t in totals]


@lowers(rw.LogSoftmax, tails=True)
def log_softmax(job: Job) -> Kernel:
    rows, dtype = keeping(job, (job.op.dim,)), job.dtypes[0]

    def program(panel: Panel) -> None:
        tops = largest(panel)
        totals = panel.fold(SUM, dtype, powers(panel, tops))
        logs = [like(t, math.log(real(panel.builder, t)).value) for t in totals]

        def finish(place: Place) -> None:
            shifted = place.number(0) - place.spread(tops[place.group])
            result = shifted - place.spread(logs[place.group])
            rows.ending.store(place, Vector(result.value, dtype, place.lanes))

        panel.each(finish)

    return rows.kernel(program)


@lowers(rw.Normalize, tails=True)
def normalize(job: Job) -> Kernel:
    """Three walks: the mean, the mean of squared distances from it, the results."""
    rows, dtype = keeping(job, job.op.dims), job.dtypes[0]
    count = float(size_of(job.layouts[0].shape, job.op.dims))

    def program(panel: Panel) -> None:
        totals = panel.fold(SUM, dtype, lambda place: place.wide(0))
        means = [like(t, (real(panel.builder, t) / count).value) for t in totals]

        def centred(place: Place) -> Real:
            return place.number(0) - place.spread(means[place.group])

        def square(place: Place) -> Vector:
            x = centred(place)
            return Vector((x * x).value, dtype, place.lanes)

        def scale(total: Vector) -> Vector:
            variance = real(panel.builder, total) / count
            return like(total, (1.0 / (variance + job.op.eps).sqrt()).value)

        scales = [scale(t) for t in panel.fold(SUM, dtype, square)]

        def finish(place: Place) -> None:
            result = centred(place) * place.spread(scales[place.group])
            rows.ending.store(place, Vector(result.value, dtype, place.lanes))

        panel.each(finish)

    return rows.kernel(program)


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
        f"        middle, stop = min(start + width, {size}), min(start + 2 * width, {size})",
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
