"""Ops that pick and place elements by index tensors. Indices out of bounds are refused before the program runs on."""

from __future__ import annotations

import math

from ....ir.dtypes import int64
from ....ir.ops.indexing import Gather, OneHot, Put, Scatter, Take
from ..kernel import Kernel
from ..layout import Layout
from ..rows import Ending, Panel, geometry
from ..space import share, unflattened
from ..vector.convert import cast
from .bounds import checked
from .rows import Rows
from .rule import Job, at, checked_index, index_complaint, lowers, numba_ready


def _names(layout: Layout, letter: str) -> list[str]:
    return [f"{letter}{d}" for d in range(len(layout.shape))]


def _over(layout: Layout, names: list[str], body: list[str], flat: str = "i") -> list[str]:
    return [
        f"for {flat} in {share(math.prod(layout.shape))}:",
        *("    " + line for line in [*unflattened(flat, layout.shape, names), *body]),
    ]


@lowers(Take)
def take(job: Job) -> Kernel:
    """Each index picks what lies behind it as a row, copied by vectors where it is contiguous."""
    x, index, out = job.layouts
    d, rank, size = job.op.dim, len(index.shape), x.shape[job.op.dim]
    behind = range(d + rank, len(out.shape))
    none = (0,) * rank
    layouts = [
        Layout(out.shape, (*x.strides[:d], *none, *x.strides[d + 1 :]), x.offset),
        Layout(out.shape, (*(0,) * d, *index.strides, *(0 for _ in behind)), index.offset),
        out,
    ]
    walk = geometry(behind, layouts, job.dtypes, job.target, guide=2, rows_only=True)

    def program(panel: Panel) -> None:
        (place,) = panel.results()
        number = cast(panel.builder, place.read(1), int64).value
        row = panel.moved(0, checked(panel, number, size), x.strides[d])
        if size:
            row.each(lambda place: place.write(2, place.read(0)))

    return Rows(job, walk, Ending(2)).kernel(program, index_complaint(job, d, size))


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


@lowers(OneHot)
def one_hot(job: Job) -> Kernel:
    numba_ready(job)
    index, out = job.layouts
    names, kind = _names(out, "i"), job.dtypes[1].name
    hit = f"x0[{at(index, *names[:-1])}] == {names[-1]}"
    return job.kernel(
        _over(out, names, [f"x1[{at(out, *names)}] = as_{kind}(1) if {hit} else as_{kind}(0)"])
    )


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


@lowers(Put)
def put(job: Job) -> Kernel:
    _, index, source, out = job.layouts
    names, rank, d = _names(source, "i"), len(index.shape), job.op.dim
    picked = f"x1[{at(index, *names[d : d + rank])}]"
    return _placing(job, picked, at(out, *names[:d], "k", *names[d + rank :]), source, names)


@lowers(Scatter)
def scatter(job: Job) -> Kernel:
    _, index, source, out = job.layouts
    names = _names(source, "i")
    picked = f"x1[{at(index, *names)}]"
    place = at(out, *("k" if d == job.op.dim else n for d, n in enumerate(names)))
    return _placing(job, picked, place, source, names)
