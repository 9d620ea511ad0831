"""One page about a compilation: what goes in, what the kernels do, what they cost, what was fused and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .fusion import apart, fused, obstacles
from .places import Room
from .record import CPU, Access, Call, Record
from .words import aligned, amount, counted, line

HEAD = ("#", "kernel", "FLOP", "bytes", "about", "works on", "from")
SHOWN = 40
"""More rows than this are summed up: a page is to be read."""


def explain(record: Record) -> str:
    """The page."""
    parts = [
        _summary(record),
        _rooms("inputs", record, written=False, state=False),
        _rooms("inputs that it updates in place", record, written=True, state=False),
        _rooms("state that it reads", record, written=False, state=True),
        _rooms("state that it updates in place", record, written=True, state=True),
        _results(record),
        _section("kernels, in order", [HEAD, *map(_call, record.calls)], right=(0, 2, 3, 4)),
        _section("fused", list(fused(record))),
        _section(
            "taken apart again, because the backend has no kernel for it", list(apart(record))
        ),
        _section("not fused", [(f"{a} -> {b}", why) for a, b, why in obstacles(record)]),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _summary(record: Record) -> Iterator[str]:
    if record.backend != CPU:
        yield f"The backend '{record.backend}' runs what the passes made; the rest is what '{CPU}' would make of it.\n"
    stages = "  ".join(f"{s.name} {s.seconds * 1e3:.1f}" for s in record.stages[1:])
    memory = record.memory
    scratch = f", {amount(memory.scratch_bytes, 'B')} of scratch for each thread"
    yield (
        f"{record.name}: {counted(len(record.kernels), 'kernel')} in {counted(len(record.calls), 'call')}, "
        f"{amount(record.flops, 'FLOP')}, {amount(record.bytes, 'B')} read and written"
    )
    yield (
        f"arena {amount(record.arena_bytes, 'B')}{scratch if memory.scratch_bytes else ''}; "
        f"worth up to {counted(record.threads, 'thread')}"
    )
    yield f"milliseconds: {stages}"


def _rooms(title: str, record: Record, written: bool, state: bool) -> Iterator[str]:
    chosen = [
        room
        for number, room in enumerate(record.memory.arguments)
        if room.written == written and (number >= record.inputs) == state
    ]
    return _section(title, [_room(room) for room in chosen], right=(2,))


def _room(room: Room) -> tuple[str, str, str]:
    return room.name, room.type, amount(room.bytes, "B")


def _results(record: Record) -> Iterator[str]:
    rows = [
        (r.values[-1] if r.values else r.name, r.type, amount(r.bytes, "B"))
        for r in record.memory.results
    ]
    return _section("results", rows, right=(2,))


def _call(call: Call) -> tuple[str, ...]:
    return (
        str(call.number),
        call.kernel.rpartition("_")[0],
        amount(call.flops, "").rstrip() or "0",
        amount(call.bytes, "B"),
        f"{call.effort / 1e3:.1f} us",
        _shapes(call),
        line(call.loc),
    )


def _shapes(call: Call) -> str:
    """`f32[64,784], 3 x f32[128] -> f32[64,128]`."""
    return " -> ".join(", ".join(_types(side)) for side in (call.read, call.written))


def _types(accesses: Sequence[Access]) -> Iterator[str]:
    for type, count in Counter(str(a.type) for a in accesses).items():
        yield type if count == 1 else f"{count} x {type}"


def _section(title: str, rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    if not rows:
        return
    yield title
    yield from aligned(rows[:SHOWN], right)
    if len(rows) > SHOWN:
        yield f"  and {len(rows) - SHOWN} more"
