"""Matrix products."""

from __future__ import annotations

import math

from ....ir.ops.products import Linear, MatMul
from ..kernel import Kernel
from ..layout import Layout
from ..space import share, unflattened
from .reductions import ORDER_FREE
from .rule import Job, at, lowers, numba_ready


def _broadcast(layout: Layout, batch: tuple[int, ...]) -> Layout:
    """Leading dimensions stretched to a batch's."""
    have, strides = layout.shape[:-2], layout.strides[:-2]
    spread = [0 if n == 1 else s for n, s in zip(have, strides, strict=True)]
    lead = (0,) * (len(batch) - len(have)) + tuple(spread)
    return Layout((*batch, *layout.shape[-2:]), (*lead, *layout.strides[-2:]), layout.offset)


@lowers(MatMul)
def matmul(job: Job) -> Kernel:
    numba_ready(job)
    a, b, out = job.layouts
    batch = out.shape[:-2]
    a, b = _broadcast(a, batch), _broadcast(b, batch)
    inner = a.shape[-2 if job.op.transpose_a else -1]
    names = [f"i{d}" for d in range(len(out.shape))]
    *lead, row, column = names
    left = at(a, *lead, *(("k", row) if job.op.transpose_a else (row, "k")))
    right = at(b, *lead, *((column, "k") if job.op.transpose_b else ("k", column)))
    return _summed(job, out, names, inner, f"x0[{left}] * x1[{right}]", "")


@lowers(Linear)
def linear(job: Job) -> Kernel:
    numba_ready(job)
    x, weight, *bias, out = job.layouts
    names = [f"i{d}" for d in range(len(out.shape))]
    term = f"x0[{at(x, *names[:-1], 'k')}] * x1[{at(weight, names[-1], 'k')}]"
    plus = f" + x2[{at(bias[0], names[-1])}]" if bias else ""
    return _summed(job, out, names, x.shape[-1], term, plus)


def _summed(job: Job, out: Layout, names: list[str], inner: int, term: str, plus: str) -> Kernel:
    """One sum of products per element of the result."""
    result = len(job.layouts) - 1
    lines = [
        f"for i in {share(math.prod(out.shape))}:",
        *("    " + line for line in unflattened("i", out.shape, names)),
        f"    acc = as_{job.dtypes[-1].name}(0)",
        f"    for k in range({inner}):",
        f"        acc += {term}",
        f"    x{result}[{at(out, *names)}] = acc{plus}",
    ]
    return job.kernel(lines, fastmath=ORDER_FREE)
