"""The loss of a classifier."""

from __future__ import annotations

from ....ir.dtypes import int64
from ....ir.ops.loss import CrossEntropy
from ..gemm.instructions import I64
from ..kernel import Kernel
from ..rows import SUM, Panel
from ..vector import math
from ..vector.arithmetic import like
from ..vector.convert import cast
from ..vector.kinds import constant, real
from .bounds import checked
from .reductions import largest, powers
from .rows import reducing
from .rule import Job, lowers


@lowers(CrossEntropy, tails=True)
def cross_entropy(job: Job) -> Kernel:
    width, dtype = job.layouts[0].shape[1], job.dtypes[0]
    rows = reducing(job, (1,), rows_only=True)
    stride = job.layouts[0].strides[1]

    def program(panel: Panel) -> None:
        builder = panel.builder
        (place,) = panel.results()
        label = cast(builder, place.read(1), int64).value
        counts = builder.icmp_signed("!=", label, I64(job.op.ignore_index))
        index = checked(panel, label, width, counts)
        (top,) = tops = largest(panel)
        (total,) = panel.fold(SUM, dtype, powers(panel, tops))
        if width:
            (there,) = panel.moved(0, index, stride).results()
            chosen = there.number(0)
        else:
            chosen = real(builder, top)
        loss = math.log(real(builder, total)) - (chosen - real(builder, top))
        kept = builder.select(counts, loss.value, constant(dtype, 0, 1).value)
        rows.ending.store(place, like(top, kept))

    complaint = f"Target {{}} is out of bounds: there are {width} classes (0 to {width - 1})"
    return rows.kernel(program, complaint)
