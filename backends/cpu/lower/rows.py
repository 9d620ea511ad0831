"""Between an op's job and the row kernels: how its buffers lie over the rows, and what becomes of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel import Kernel
from ..layout import Layout
from ..rows import Ending, Geometry, Program, Stage, geometry, row_kernel
from ..rows.geometry import stretched
from .rule import Job


@dataclass(frozen=True)
class Rows:
    """A job as a walk over rows or columns of its first operand."""

    job: Job
    walk: Geometry
    ending: Ending

    def kernel(self, program: Program, complaint: str = "") -> Kernel:
        return staged(self.job, [Stage(self.walk, program)], complaint)


def staged(
    job: Job, stages: Sequence[Stage], complaint: str = "", *, alone: bool = False
) -> Kernel:
    """A kernel for a job, whose op, types and layouts say what it does."""
    tail = job.tail and (job.tail.hole, str(job.tail.body))
    told = (job.op, [str(t) for t in job.types], job.layouts, tail, job.target.vector_bytes)
    return row_kernel(
        job.name, stages, job.dtypes, identity=repr(told), complaint=complaint, alone=alone
    )


def reducing(job: Job, dims: Sequence[int]) -> Rows:
    """An op whose result has the operand's shape without `dims`, which may have stayed as dimensions of 1."""
    first, *rest = job.layouts
    layouts = [first, *(stretched(layout, first.shape, dims) for layout in rest)]
    return _over(job, dims, layouts)


def keeping(job: Job, dims: Sequence[int]) -> Rows:
    """An op whose result has the operand's shape."""
    return _over(job, dims, job.layouts)


def _over(job: Job, dims: Sequence[int], layouts: Sequence[Layout]) -> Rows:
    """A walk over layouts of one shape."""
    walk = geometry(dims, layouts, job.dtypes, job.target)
    if job.tail is None:
        return Rows(job, walk, Ending(len(job.types) - 1))
    return Rows(job, walk, Ending(job.operands, job.tail.body, job.tail.hole))
