"""Loops of a kernel as LLVM IR: a part's share of some units, and a fixed number of turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..gemm.instructions import I64, LoopBody, Value, loop


def shared(
    builder: Any, count: int, part: Value, parts: Value, body: Callable[[Value], None]
) -> None:
    """Run `body(index)` for the units among `count` that fall to a part."""
    start = builder.sdiv(builder.mul(part, I64(count)), parts)
    following = builder.mul(builder.add(part, I64(1)), I64(count))
    stop = builder.sdiv(following, parts)
    before, inside = builder.block, builder.append_basic_block("units")
    after = builder.append_basic_block("units.done")
    builder.cbranch(builder.icmp_signed("<", start, stop), inside, after)
    builder.position_at_end(inside)
    index = builder.phi(I64)
    index.add_incoming(start, before)
    body(index)
    following = builder.add(index, I64(1))
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, stop), inside, after)
    builder.position_at_end(after)


def repeated(builder: Any, count: int, carried: Sequence[Value], body: LoopBody) -> list[Value]:
    """As `loop`, but a single turn is no loop."""
    if count == 1:
        return list(body(I64(0), list(carried)))
    return loop(builder, count, carried, body)


def plus(builder: Any, base: Value, index: Value, stride: int) -> Value:
    """base + index · stride."""
    if stride == 0:
        return base
    return builder.add(base, index if stride == 1 else builder.mul(index, I64(stride)))


def places(index: Value, sizes: Sequence[int], builder: Any) -> list[Value]:
    """A flat index cut into one per loop."""
    found: list[Value] = []
    for size in reversed(sizes[1:]):
        found.insert(0, builder.srem(index, I64(max(size, 1))))
        index = builder.sdiv(index, I64(max(size, 1)))
    return [index, *found] if sizes else []
