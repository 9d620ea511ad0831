"""Ops that pick and place elements by index tensors. Indices out of bounds are refused before the program runs on."""

from __future__ import annotations

import math

from ....ir.dtypes import int64
from ....ir.ops.indexing import Gather, Put, Scatter, Take
from ..kernel import Kernel
from ..layout import Layout, Shape
from ..rows import ANY, SUM, Geometry, Panel, Place, Stage, geometry
from ..space import share, unflattened
from ..vector.convert import cast, rounded
from .bounds import checked
from .rows import staged
from .rule import Job, at, checked_index, index_complaint, lowers, numba_ready


def _names(layout: Layout, letter: str) -> list[str]:
    return [f"{letter}{d}" for d in range(len(layout.shape))]


def _over(layout: Layout, names: list[str], body: list[str], flat: str = "i") -> list[str]:
    return [
        f"for {flat} in {share(math.prod(layout.shape))}:",
        *("    " + line for line in [*unflattened(flat, layout.shape, names), *body]),
    ]


def _picked(job: Job, x: Layout, slices: int) -> Geometry:
    """A walk over picked slices of x, index by index: what lies behind an index is a row.

    The buffers are x, the index and more, with the slices among them; what lies like x begins at its index 0.
    """
    d, index, shape = job.op.dim, job.layouts[1], job.layouts[slices].shape
    behind = range(d + len(index.shape), len(shape))
    none = (0,) * len(index.shape)
    like_x = Layout(shape, (*x.strides[:d], *none, *x.strides[d + 1 :]), x.offset)
    numbers = Layout(shape, ((0,) * d + index.strides + (0,) * len(behind)), index.offset)
    layouts = [like_x, numbers, *[like_x] * (len(job.layouts) - 2)]
    layouts[slices] = job.layouts[slices]
    return geometry(behind, layouts, job.dtypes, job.target, guide=slices, rows_only=True)


def _row(panel: Panel, buffer: int, size: int, stride: int) -> Panel:
    """The panel at its index, in a buffer."""
    (place,) = panel.results()
    number = checked(panel, cast(panel.builder, place.read(1), int64), size)
    return panel.moved(buffer, number.value, stride)


@lowers(Take)
def take(job: Job) -> Kernel:
    """Rows are copied by vectors where they are contiguous."""
    x, d = job.layouts[0], job.op.dim
    size = x.shape[d]

    def program(panel: Panel) -> None:
        row = _row(panel, 0, size, x.strides[d])
        if size:
            row.each(lambda place: place.write(2, place.read(0)))

    stage = Stage(_picked(job, x, 2), program)
    return staged(job, [stage], index_complaint(job, d, size))


@lowers(Gather)
def gather(job: Job) -> Kernel:
    x, index, out = job.layouts
    names = _names(out, "i")
    source = at(x, *("k" if d == job.op.dim else n for d, n in enumerate(names)))
    size = x.shape[job.op.dim]
    body = [
        f"k = x1[{at(index, *names)}]",
        *checked_index("k", size),
        f"x2[{at(out, *names)}] = x0[{source}]",
    ]
    return job.kernel(_over(out, names, body), complaint=index_complaint(job, job.op.dim, size))


def _placing(job: Job, index: str, place: str, source: Layout, names: list[str]) -> Kernel:
    """Copy the base, then write the source in its own order, which decides between equal indices: one part does it."""
    numba_ready(job)
    base, out = job.layouts[0], job.layouts[3]
    size = base.shape[job.op.dim]
    own = _names(out, "j")
    value = f"x2[{at(source, *names)}]"
    write = f"x3[{place}] += {value}" if job.op.accumulate else f"x3[{place}] = {value}"
    copy = [
        f"for j in range({math.prod(out.shape)}):",
        *("    " + line for line in unflattened("j", out.shape, own)),
        f"    x3[{at(out, *own)}] = x0[{at(base, *own)}]",
    ]
    put = [
        f"for i in range({math.prod(source.shape)}):",
        *("    " + line for line in unflattened("i", source.shape, names)),
        f"    k = {index}",
        *("    " + line for line in checked_index("k", size)),
        f"    {write}",
    ]
    lines = ["if part == 0:", *("    " + line for line in [*copy, *put])]
    return job.kernel(lines, complaint=index_complaint(job, job.op.dim, size))


@lowers(Put, wide=True)
def put(job: Job) -> Kernel:
    """A copy of the base, into which rows are written one after the other, since indices may be equal."""
    out, d = job.layouts[3], job.op.dim
    size, join = out.shape[d], (ANY if job.dtypes[3].kind == "bool" else SUM).join

    def copied(panel: Panel) -> None:
        panel.each(lambda place: place.write(3, place.read(0)))

    def written(panel: Panel) -> None:
        row = _row(panel, 3, size, out.strides[d])

        def write(place: Place) -> None:
            new = place.read(2)
            if job.op.accumulate:
                new = rounded(panel.builder, join(panel.builder, place.read(3), place.wide(2)))
            place.write(3, new)

        if size:
            row.each(write)

    layouts = [job.layouts[b] if b in (0, 3) else _still(out.shape) for b in range(4)]
    whole = geometry(range(len(out.shape)), layouts, job.dtypes, job.target, guide=3)
    stages = [Stage(whole, copied), Stage(_picked(job, out, 2), written)]
    return staged(job, stages, index_complaint(job, d, size), alone=True)


def _still(shape: Shape) -> Layout:
    """Of a buffer that a walk does not touch."""
    return Layout(shape, (0,) * len(shape))


@lowers(Scatter, wide=True)
def scatter(job: Job) -> Kernel:
    _, index, source, out = job.layouts
    names = _names(source, "i")
    picked = f"x1[{at(index, *names)}]"
    place = at(out, *("k" if d == job.op.dim else n for d, n in enumerate(names)))
    return _placing(job, picked, place, source, names)
