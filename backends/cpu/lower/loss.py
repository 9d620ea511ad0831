"""The loss of a classifier."""

from __future__ import annotations

from typing import Any

from ....ir.dtypes import int64
from ....ir.ops.loss import CrossEntropy
from ..gemm.instructions import Value
from ..rows import SUM
from ..vector import Vector, math
from ..vector.arithmetic import compare, like
from ..vector.convert import cast
from ..vector.kinds import constant, real
from .bounds import checked
from .reductions import largest, powers
from .walks import Once, Steps, folded, walks
from .walks_spot import Operand


def complaint(op: CrossEntropy, width: int) -> str:
    return f"Target {{}} is out of bounds: there are {width} classes (0 to {width - 1})"


@walks(CrossEntropy, passes=2, complaint=complaint)
def cross_entropy(op: CrossEntropy, x: Operand, classes: Operand) -> Steps:
    builder, panel = x.builder, x.scene.panel
    labels = [cast(builder, label, int64) for label in classes.once()]
    counts = [_differ(builder, label, op.ignore_index) for label in labels]
    indices = [checked(panel, n, x.size, c) for n, c in zip(labels, counts, strict=True)]
    tops = yield from largest(x)
    totals = yield from folded(x, SUM, powers(x, tops))
    chosen = x.picked(indices) if x.size else tops
    losses = []
    for row in zip(totals, tops, chosen, counts, strict=True):
        total, top, mine = (real(builder, v) for v in row[:3])
        loss, zero = math.log(total) - (mine - top), constant(x.dtype, 0, row[0].lanes).value
        losses.append(like(row[0], builder.select(row[3], loss.value, zero)))
    return Once(losses)


def _differ(builder: Any, x: Vector, number: int) -> Value:
    return compare(builder, "!=", x, constant(x.dtype, number, x.lanes)).value
