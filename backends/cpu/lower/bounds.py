"""Index tensors in row kernels: what is out of bounds is reported, and replaced by what does no harm."""

from __future__ import annotations

from ..gemm.instructions import I64, Value
from ..rows import Panel


def checked(panel: Panel, index: Value, size: int, counts: Value = None) -> Value:
    """The index, or 0 where it is not in 0..size-1, which is reported if it `counts`. There must be something at 0."""
    builder = panel.builder
    outside = builder.icmp_unsigned(">=", index, I64(size))
    with builder.if_then(
        outside if counts is None else builder.and_(outside, counts), likely=False
    ):
        builder.store(I64(1), panel.status)
        builder.store(index, builder.gep(panel.status, [I64(1)]))
    return builder.select(outside, I64(0), index)
