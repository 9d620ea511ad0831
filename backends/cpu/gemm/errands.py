"""What is done in passing, a bit at a time, while a loop makes the sums of a tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .instructions import I64, LoopBody, Value
from .vectors import Vectors


@dataclass(frozen=True)
class Errands:
    """`run(index)` for index 0, 1, …, `count` - 1."""

    count: int
    run: Callable[[Value], None]


NOTHING = Errands(0, lambda index: None)


def loop_with_errands(
    v: Vectors, rounds: int, carried: list[Value], body: LoopBody, errands: Errands
) -> list[Value]:
    """A loop as `Vectors.loop` makes it, with the errands evenly spread over it; if it is too short, before it."""
    if rounds < errands.count or errands.count == 0:
        _all_at_once(v, errands)
        return v.loop(rounds, carried, body)
    apart = rounds // errands.count

    def stretch(index: Value, values: list[Value]) -> list[Value]:
        errands.run(index)
        start = v.builder.mul(index, I64(apart))
        is_last = v.builder.icmp_signed("==", index, I64(errands.count - 1))
        count = v.builder.select(is_last, I64(rounds - (errands.count - 1) * apart), I64(apart))
        return v.loop(count, values, lambda i, inner: body(v.builder.add(start, i), inner))

    return v.loop(errands.count, carried, stretch)


def _all_at_once(v: Vectors, errands: Errands) -> None:
    def one(index: Value, _: list[Value]) -> list[Value]:
        errands.run(index)
        return []

    v.loop(errands.count, [], one)
