"""The loss of a classifier."""

from __future__ import annotations

from typing import Any

from ....ir.dtypes import int64
from ....ir.ops.loss import CrossEntropy
from ..gemm.instructions import Value
from ..kernel import Kernel
from ..rows import SUM, Panel
from ..vector import Vector, math
from ..vector.arithmetic import compare, like
from ..vector.convert import cast
from ..vector.kinds import constant, real
from .bounds import checked
from .reductions import largest, powers
from .rows import reducing
from .rule import Job, lowers


@lowers(CrossEntropy, tails=True)
def cross_entropy(job: Job) -> Kernel:
    width, dtype = job.layouts[0].shape[1], job.dtypes[0]
    rows = reducing(job, (1,))

    def program(panel: Panel) -> None:
        builder = panel.builder
        labels = [cast(builder, place.wide(1), int64) for place in panel.results()]
        counts = [_differ(builder, label, job.op.ignore_index) for label in labels]
        indices = [checked(panel, x, width, c) for x, c in zip(labels, counts, strict=True)]
        tops = largest(panel)
        totals = panel.fold(SUM, dtype, powers(panel, tops))
        for g, place in enumerate(panel.results()):
            total, top = real(builder, totals[g]), real(builder, tops[g])
            chosen = panel.element(place, 0, indices[g]) if width else tops[g]
            loss = math.log(total) - (real(builder, chosen) - top)
            zero = constant(dtype, 0, place.lanes).value
            rows.ending.store(place, like(chosen, builder.select(counts[g], loss.value, zero)))

    complaint = f"Target {{}} is out of bounds: there are {width} classes (0 to {width - 1})"
    return rows.kernel(program, complaint)


def _differ(builder: Any, x: Vector, number: int) -> Value:
    return compare(builder, "!=", x, constant(x.dtype, number, x.lanes)).value
