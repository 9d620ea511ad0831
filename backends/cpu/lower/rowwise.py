"""Ops that keep the shape but look along dimensions, and the loss of a classifier."""

from __future__ import annotations

import math

from ....ir.ops import rowwise as rw
from ....ir.ops.loss import CrossEntropy
from ..kernel import Kernel
from ..space import share
from .reductions import ORDER_FREE, Dims
from .rule import Job, at, checked_index, lowers, numba_ready


def _place(job: Job, dims: Dims) -> str:
    """The element of the result at the loops' place."""
    return f"x1[{at(job.layouts[1], *(dims.names[d] for d in range(len(dims.shape))))}]"


@lowers(rw.Softmax, rw.LogSoftmax)
def softmax(job: Job) -> Kernel:
    numba_ready(job)
    dims, scalar = Dims(job, (job.op.dim,)), f"as_{job.dtypes[0].name}"
    out = _place(job, dims)
    log = isinstance(job.op, rw.LogSoftmax)
    body = [
        f"top = {scalar}(-math.inf)",
        *dims.inner([f"v = {dims.element}", "top = v if v > top or v != v else top"]),
        f"acc = {scalar}(0)",
    ]
    if log:
        body += dims.inner([f"acc += math.exp({dims.element} - top)"])
        body += ["acc = math.log(acc)", *dims.inner([f"{out} = {dims.element} - top - acc"])]
    else:
        body += dims.inner([f"v = math.exp({dims.element} - top)", f"{out} = v", "acc += v"])
        body += dims.inner([f"{out} /= acc"])
    return job.kernel(dims.outer(body), math=math)


@lowers(rw.CumSum)
def cumsum(job: Job) -> Kernel:
    numba_ready(job)
    dims, here = Dims(job, (job.op.dim,)), f"r{job.op.dim}"
    size = dims.shape[job.op.dim]
    order = f"range({size} - 1, -1, -1)" if job.op.reverse else f"range({size})"
    names = [dims.names[d] for d in range(len(dims.shape))]
    body = [
        f"acc = as_{job.dtypes[0].name}(0)",
        f"for {here} in {order}:",
        f"    acc += {dims.element}",
        f"    x1[{at(job.layouts[1], *names)}] = acc",
    ]
    return job.kernel(dims.outer(body))


@lowers(rw.Normalize)
def normalize(job: Job) -> Kernel:
    numba_ready(job)
    dims, scalar = Dims(job, job.op.dims), f"as_{job.dtypes[0].name}"
    body = [
        f"total = {scalar}(0)",
        *dims.inner([f"total += {dims.element}"]),
        f"mean = total / {scalar}({dims.count})",
        f"squares = {scalar}(0)",
        *dims.inner([f"d = {dims.element} - mean", "squares += d * d"]),
        f"deviation = math.sqrt(squares / {scalar}({dims.count}) + {scalar}({job.op.eps!r}))",
        *dims.inner([f"{_place(job, dims)} = ({dims.element} - mean) / deviation"]),
    ]
    return job.kernel(dims.outer(body), fastmath=ORDER_FREE, math=math)


@lowers(rw.ArgSort)
def argsort(job: Job) -> Kernel:
    """By insertion: stable, and quick for the short rows that networks sort."""
    numba_ready(job)
    d = job.op.dim
    dims, size = Dims(job, (d,)), job.layouts[0].shape[job.op.dim]
    names = [dims.names[k] for k in range(len(dims.shape))]

    def key(place: str) -> str:
        return f"x0[{at(job.layouts[0], *(place if k == d else n for k, n in enumerate(names)))}]"

    def order(place: str) -> str:
        return f"x1[{at(job.layouts[1], *(place if k == d else n for k, n in enumerate(names)))}]"

    before = "v > w or (v != v and w == w)" if job.op.descending else "v < w or (w != w and v == v)"
    body = [
        f"for r in range({size}):",
        f"    v, j = {key('r')}, r",
        "    while j > 0:",
        f"        w = {key(order('j - 1'))}",
        f"        if not ({before}):",
        "            break",
        f"        {order('j')} = {order('j - 1')}",
        "        j -= 1",
        f"    {order('j')} = r",
    ]
    return job.kernel(dims.outer(body))


@lowers(CrossEntropy)
def cross_entropy(job: Job) -> Kernel:
    numba_ready(job)
    logits, classes = job.layouts[0], job.layouts[1]
    rows, width = logits.shape
    scalar = f"as_{job.dtypes[0].name}"
    cell = f"x0[{at(logits, 'i', 'j')}]"
    body = [
        f"for i in {share(rows)}:",
        f"    label = x1[{at(classes, 'i')}]",
        f"    if label == {job.op.ignore_index}:",
        f"        x2[i] = {scalar}(0)",
        "    else:",
        *("        " + line for line in checked_index("label", width)),
        f"        top, acc = {scalar}(-math.inf), {scalar}(0)",
        f"        for j in range({width}):",
        f"            v = {cell}",
        "            top = v if v > top or v != v else top",
        f"        for j in range({width}):",
        f"            acc += math.exp({cell} - top)",
        f"        x2[i] = math.log(acc) + top - x0[{at(logits, 'i', 'label')}]",
    ]
    complaint = f"Target {{}} is out of bounds: there are {width} classes (0 to {width - 1})"
    return job.kernel(body, math=math, complaint=complaint)
