"""Ops that put tensors together or make them from nothing: copies into parts of a result."""

from __future__ import annotations

from ....ir.ops.creation import Iota
from ....ir.ops.slicing import Cat, SliceUpdate, Tril, Triu
from ..kernel import Kernel
from ..layout import Layout, viewed
from ..space import share, unflattened
from .rule import Job, at, lowers, numba_ready

Lines = list[str]


def copied(buffer: int, source: Layout, out: int, target: Layout, value: str = "{}") -> Lines:
    """Loops that copy one layout's elements to another of the same shape."""
    names = [f"i{d}" for d in range(len(source.shape))]
    count = 1
    for size in source.shape:
        count *= size
    element = value.format(f"x{buffer}[{at(source, *names)}]")
    return [
        f"for i in {share(count)}:",
        *("    " + line for line in unflattened("i", source.shape, names)),
        f"    x{out}[{at(target, *names)}] = {element}",
    ]


@lowers(Cat)
def cat(job: Job) -> Kernel:
    *parts, whole = job.layouts
    lines: Lines = []
    start = 0
    for b, part in enumerate(parts):
        place = Layout(part.shape, whole.strides, whole.offset + start * whole.strides[job.op.dim])
        lines += copied(b, part, len(parts), place)
        start += part.shape[job.op.dim]
    return job.kernel(lines)


@lowers(SliceUpdate)
def slice_update(job: Job) -> Kernel:
    """The base outside the window, the value inside: each element is written once, by one part."""
    base, value, out = job.layouts
    window = viewed(job.op.window(), out)
    assert window is not None
    d, op = job.op.dim, job.op
    names = [f"i{k}" for k in range(len(out.shape))]
    count = 1
    for size in out.shape:
        count *= size
    inside = [f"(i{d} - {op.start}) // {op.step}" if k == d else n for k, n in enumerate(names)]
    test = f"{op.start} <= i{d} < {op.stop} and (i{d} - {op.start}) % {op.step} == 0"
    return job.kernel(
        [
            f"for i in {share(count)}:",
            *("    " + line for line in unflattened("i", out.shape, names)),
            f"    if {test}:",
            f"        x2[{at(out, *names)}] = x1[{at(value, *inside)}]",
            "    else:",
            f"        x2[{at(out, *names)}] = x0[{at(base, *names)}]",
        ]
    )


@lowers(Tril, Triu, wide=True)
def triangle(job: Job) -> Kernel:
    source, out = job.layouts
    row, column = len(source.shape) - 2, len(source.shape) - 1
    sign = "<=" if isinstance(job.op, Tril) else ">="
    keep = f"{{}} if i{column} - i{row} {sign} {job.op.diagonal} else as_{job.dtypes[0].name}(0)"
    numba_ready(job)
    return job.kernel(copied(0, source, 1, out, keep))


@lowers(Iota)
def iota(job: Job) -> Kernel:
    numba_ready(job)
    return job.kernel([f"for i in {share(job.layouts[0].shape[0])}:", "    x0[i] = i"])
