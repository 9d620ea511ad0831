"""Between an op's job and the row kernels: how its buffers lie over the rows, and what becomes of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel import Kernel
from ..layout import Layout
from ..rows import Ending, Geometry, Program, geometry, row_kernel
from ..rows.geometry import stretched
from .rule import Job


@dataclass(frozen=True)
class Rows:
    """A job as a walk over rows or columns of its first operand."""

    job: Job
    walk: Geometry
    ending: Ending

    def kernel(self, program: Program, complaint: str = "") -> Kernel:
        job = self.job
        told = (job.op, [str(t) for t in job.types], job.layouts, self.ending.hole)
        return row_kernel(
            job.op.name,
            self.walk,
            job.dtypes,
            program,
            identity=f"{told} {self.ending.body} {job.target.vector_bytes}",
            complaint=complaint,
        )


def reducing(job: Job, dims: Sequence[int], rows_only: bool = False) -> Rows:
    """An op whose result has the operand's shape without `dims`, which may have stayed as dimensions of 1."""
    first, *rest = job.layouts
    layouts = [first, *(stretched(layout, first.shape, dims) for layout in rest)]
    return over(job, dims, layouts, rows_only)


def keeping(job: Job, dims: Sequence[int]) -> Rows:
    """An op whose result has the operand's shape."""
    return over(job, dims, job.layouts)


def over(job: Job, dims: Sequence[int], layouts: Sequence[Layout], rows_only: bool = False) -> Rows:
    """A walk over layouts of one shape."""
    walk = geometry(dims, layouts, job.dtypes, job.target, rows_only=rows_only)
    if job.tail is None:
        return Rows(job, walk, Ending(len(job.types) - 1))
    return Rows(job, walk, Ending(job.operands, job.tail.body, job.tail.hole))
