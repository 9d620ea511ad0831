"""What was fused into what, and what was not, and why: the fusion's own reasons, asked for once more."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import Func, Instr, Value
from ..ir.passes.fuse import group_name
from ..ir.passes.grouping import Grouping, joins
from .record import Record


def fused(record: Record) -> Iterator[tuple[str, str]]:
    """The fused instructions as they come out of the passes, and what is in them."""
    for instr in record.passed[-1].func.body:
        if instr.op.body:
            yield instr.op.name, ", ".join(i.op.name for i in instr.op.body.body)


def apart(record: Record) -> Iterator[tuple[str, str]]:
    """Fused instructions that the backend has no kernel for, and what became of them."""
    kept = {instr.op for instr in record.program.scheduled.body if instr.op.body}
    made = record.program.scheduled.producers()
    for instr in record.passed[-1].func.body:
        if instr.op.body and instr.op not in kept:
            yield instr.op.name, ", ".join(_steps(instr, made))


def _steps(instr: Instr, made: dict[Value, Instr]) -> dict[str, None]:
    """The ops that make the results of what was one instruction, as far as they are not its operands."""
    found: dict[str, None] = {}
    waiting, seen = list(instr.results), set(instr.operands)
    while waiting:
        value = waiting.pop()
        if value not in seen and value in made:
            seen.add(value)
            found[made[value].op.name] = None
            waiting += made[value].operands
    return dict(reversed(found.items()))


def obstacles(record: Record) -> Iterator[tuple[str, str, str]]:
    """Neighbours that could have been fused and were not: who makes, who reads, and why they stay two."""
    before = _unfused(record)
    if before is None:
        return
    grouping, said = Grouping(before), set[tuple[str, str, str]]()
    for instr in filter(joins, before.body):
        mine = grouping.of[instr]
        for producer in grouping.producers(instr):
            other = grouping.of[producer]
            reason = None if other is mine else grouping.obstacle(other, mine)
            row = group_name(other), group_name(mine), reason or ""
            if reason and row not in said:
                said.add(row)
                yield row


def _unfused(record: Record) -> Func | None:
    """The program before anything was fused; None if it came fused."""
    plain = [s.func for s in record.passed if not any(i.op.body for i in s.func.body)]
    return plain[-1] if plain else None
