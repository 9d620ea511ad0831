"""Index tensors in row kernels: what is out of bounds is reported, and replaced by what does no harm."""

from __future__ import annotations

from llvmlite import ir as ll

from ..gemm.instructions import I1, I64, Value
from ..rows import Panel
from ..vector import Vector
from ..vector.arithmetic import like
from ..vector.kinds import constant
from ..vector.real import Mask, intrinsic


def checked(panel: Panel, index: Vector, size: int, counts: Value = None) -> Vector:
    """The indices, or 0 for those not in 0..size-1, reported where they count. There must be something at 0."""
    builder = panel.builder
    last = constant(index.dtype, size, index.lanes)
    outside = builder.icmp_unsigned(">=", index.value, last.value)
    wrong = outside if counts is None else builder.and_(outside, counts)
    with builder.if_then(Mask(builder, wrong).any(), likely=False):
        builder.store(I64(1), panel.status)
        builder.store(_first(panel, wrong, index), builder.gep(panel.status, [I64(1)]))
    return like(
        index, builder.select(outside, constant(index.dtype, 0, index.lanes).value, index.value)
    )


def _first(panel: Panel, mask: Value, x: Vector) -> Value:
    """The first lane where the mask is true."""
    if x.lanes == 1:
        return x.value
    builder, kind = panel.builder, ll.IntType(x.lanes)
    bits = builder.bitcast(mask, kind)
    lane = intrinsic(builder, "cttz", kind, [bits, I1(1)], f"i{x.lanes}")
    return builder.extract_element(x.value, lane)
