"""Between an op's job and the row kernels."""

from __future__ import annotations

from collections.abc import Sequence

from ..kernel import Kernel
from ..rows import Stage, row_kernel
from .rule import Job


def staged(
    job: Job, stages: Sequence[Stage], complaint: str = "", *, alone: bool = False
) -> Kernel:
    """A kernel for a job, whose op, types and layouts say what it does."""
    told = (job.op, [str(t) for t in job.types], job.layouts, job.target.vector_bytes)
    return row_kernel(
        job.name, stages, job.dtypes, identity=repr(told), complaint=complaint, alone=alone
    )
