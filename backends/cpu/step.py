"""The function that calls a program's kernels in order, as LLVM text.

`void step(ptr* table, i64 part, i64 parts, ptr barrier)`; `region` is the same for a frame of barrier and table.
The table holds the addresses of the arguments, of the results that are not updates of arguments, of the arena, and of
the status: one int64 that says which kernel refused its operands (counted from 1; 0 if none did), then two for each
kernel that can.

All parts run the whole function. Small kernels are left to part 0. The parts meet at a barrier wherever a kernel
touches memory that another part may have touched since they last met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ...runtime.pool_ir import BARRIER, BARRIER_BYTES
from .memory import Buffer, Memory
from .schedule import Call

SERIAL_BELOW = 1500.0
"""Nanoseconds: a kernel shorter than this is not worth a barrier."""
PER_PART = 15_000.0
"""Nanoseconds of shared work that make one more part worth while."""
STEP, REGION = "step", "region"


class Watch(Protocol):
    """Code of somebody who wants to know when calls begin and end."""

    def declarations(self) -> Iterator[str]:
        """What its code refers to."""
        ...

    def note(self, number: int, end: bool, part: str) -> Iterator[str]:
        """Code before and after a call, by its number; the step as a whole comes after the last call."""
        ...


class Span(NamedTuple):
    """Bytes that a kernel touches, in one of the program's memories."""

    memory: tuple[str, int]
    start: int
    end: int

    def meets(self, other: Span) -> bool:
        return self.memory == other.memory and self.start < other.end and other.start < self.end


@dataclass
class Since:
    """What has been read and written since the parts last met, and whether by all of them or by part 0 alone."""

    read: list[tuple[Span, bool]] = field(default_factory=list)
    written: list[tuple[Span, bool]] = field(default_factory=list)

    def clash(self, read: list[Span], written: list[Span], shared: bool) -> bool:
        def touched(spans: list[Span], before: list[tuple[Span, bool]]) -> bool:
            return any(s.meets(b) and (shared or other) for s in spans for b, other in before)

        return touched(read + written, self.written) or touched(written, self.read)

    def add(self, read: list[Span], written: list[Span], shared: bool) -> None:
        self.read += [(s, shared) for s in read]
        self.written += [(s, shared) for s in written]


def parts_for(calls: Sequence[Call]) -> int:
    """How many parts are worth while."""
    shared = sum(call.effort for call in calls if is_shared(call))
    return max(1, int(shared / PER_PART))


def is_shared(call: Call) -> bool:
    """Is a call worth sharing?"""
    return call.effort >= SERIAL_BELOW


def step_text(
    calls: Sequence[Call], memory: Memory, results: int, watch: Watch | None = None
) -> str:
    """The module; `results` is how many results the table holds."""
    return "\n".join(_Step(calls, memory, results, watch).lines()) + "\n"


class _Step:
    def __init__(
        self, calls: Sequence[Call], memory: Memory, results: int, watch: Watch | None
    ) -> None:
        self.calls = calls
        self.watch = watch
        self.memory = memory
        self.arguments = sum(b.kind == "argument" for b in memory.buffers)
        self.results = results
        self.checked = [call for call in calls if call.kernel.complaint]
        self.scratch = max((call.kernel.scratch_bytes(1) for call in calls), default=0)

    def lines(self) -> Iterator[str]:
        yield from self._constants()
        yield f"declare void @{BARRIER}(ptr, i64)"
        if self.watch:
            yield from self.watch.declarations()
        for call in {c.kernel.symbol: c for c in self.calls}.values():
            yield self._declaration(call)
        shares = parts_for(self.calls) > 1
        yield from self._function("alone", shared=False)
        if shares:
            yield from self._function("together", shared=True)
        yield f"define void @{STEP}(ptr %table, i64 %part, i64 %parts, ptr %barrier) {{"
        if shares:
            yield "  %one = icmp eq i64 %parts, 1"
            yield "  br i1 %one, label %alone, label %together"
            yield "together:"
            yield "  call void @together(ptr %table, i64 %part, i64 %parts, ptr %barrier)"
            yield "  ret void"
        else:
            yield "  %first = icmp eq i64 %part, 0"
            yield "  br i1 %first, label %alone, label %done"
            yield "done:"
            yield "  ret void"
        yield "alone:"
        yield "  call void @alone(ptr %table, i64 0, i64 1, ptr %barrier)"
        yield "  ret void"
        yield "}"
        yield f"define void @{REGION}(ptr %frame, i64 %part, i64 %parts) {{"
        yield f"  %table = getelementptr i8, ptr %frame, i64 {BARRIER_BYTES}"
        yield f"  call void @{STEP}(ptr %table, i64 %part, i64 %parts, ptr %frame)"
        yield "  ret void"
        yield "}"

    # ---- memory

    def _constants(self) -> Iterator[str]:
        for number, buffer in enumerate(self.memory.buffers):
            if buffer.content is not None:
                data = buffer.content.tobytes()
                spelled = "".join(f"\\{byte:02x}" for byte in data)
                yield f'@c{number} = internal constant [{len(data)} x i8] c"{spelled}", align 64'

    def _base(self, buffer: Buffer, number: int) -> tuple[str, int]:
        """The pointer that a buffer is reached from, and how many bytes on it begins."""
        if buffer.content is not None:
            return f"@c{number}", 0
        if buffer.kind == "temporary":
            return f"%t{self.arguments + self.results}", buffer.offset
        if buffer.kind == "argument":
            return f"%t{buffer.number}", 0
        return f"%t{self.arguments + buffer.number}", 0

    def _span(self, number: int) -> Span:
        buffer = self.memory.buffers[number]
        if buffer.kind == "temporary":
            return Span(("temporary", 0), buffer.offset, buffer.offset + buffer.nbytes)
        return Span((buffer.kind, buffer.number), 0, max(buffer.nbytes, 1))

    # ---- code

    def _declaration(self, call: Call) -> str:
        pointers = len(call.places) + bool(call.kernel.complaint) + bool(call.kernel.scratch)
        return (
            f"declare void @{call.kernel.symbol}({', '.join(['ptr'] * pointers + ['i64', 'i64'])})"
        )

    def _function(self, name: str, shared: bool) -> Iterator[str]:
        yield f"define internal void @{name}(ptr %table, i64 %part, i64 %parts, ptr %barrier) {{"
        for number in range(self.arguments + self.results + 2):
            yield f"  %a{number} = getelementptr ptr, ptr %table, i64 {number}"
            yield f"  %t{number} = load ptr, ptr %a{number}"
        status = f"%t{self.arguments + self.results + 1}"
        yield from self._noted(len(self.calls), False, "%part")
        since = Since()
        for number, call in enumerate(self.calls):
            together = shared and is_shared(call)
            read = [self._span(b) for b in call.read]
            written = [self._span(b) for b in call.written]
            if shared and since.clash(read, written, together):
                since = Since()
                yield f"  call void @{BARRIER}(ptr %barrier, i64 %parts)"
            since.add(read, written, together)
            if shared and not together:
                yield from self._by_first(number, call, status)
            else:
                yield from self._watched(number, call, status, "%part", "%parts")
            if call.kernel.complaint:
                if shared:
                    since = Since()
                    yield f"  call void @{BARRIER}(ptr %barrier, i64 %parts)"
                yield from self._leave_if_refused(number, call, status)
        yield from self._noted(len(self.calls), True, "%part")
        yield "  ret void"
        yield "}"

    def _by_first(self, number: int, call: Call, status: str) -> Iterator[str]:
        yield f"  %first{number} = icmp eq i64 %part, 0"
        yield f"  br i1 %first{number}, label %own{number}, label %past{number}"
        yield f"own{number}:"
        yield from self._watched(number, call, status, "0", "1")
        yield f"  br label %past{number}"
        yield f"past{number}:"

    def _noted(self, number: int, end: bool, part: str) -> Iterator[str]:
        if self.watch:
            yield from self.watch.note(number, end, part)

    def _watched(
        self, number: int, call: Call, status: str, part: str, parts: str
    ) -> Iterator[str]:
        yield from self._noted(number, False, part)
        yield from self._called(number, call, status, part, parts)
        yield from self._noted(number, True, part)

    def _called(self, number: int, call: Call, status: str, part: str, parts: str) -> Iterator[str]:
        """One call, or a loop of them over the dimensions that it repeats over."""
        if not call.repeat.sizes:
            yield from self._once(number, call, status, part, parts, {})
            return
        count = 1
        for size in call.repeat.sizes:
            count *= size
        if not count:
            return
        yield f"  br label %before{number}"
        yield f"before{number}:"
        yield f"  br label %loop{number}"
        yield f"loop{number}:"
        yield f"  %i{number} = phi i64 [0, %before{number}], [%n{number}, %loop{number}]"
        shifts, lines = self._shifts(number, call, count)
        yield from lines
        yield from self._once(number, call, status, part, parts, shifts)
        yield f"  %n{number} = add i64 %i{number}, 1"
        yield f"  %more{number} = icmp slt i64 %n{number}, {count}"
        yield f"  br i1 %more{number}, label %loop{number}, label %after{number}"
        yield f"after{number}:"

    def _shifts(self, number: int, call: Call, count: int) -> tuple[dict[int, str], list[str]]:
        """How far on each buffer's piece is in the present round of the loop."""
        lines, shifts, below = [], dict[int, str](), count
        for d, size in enumerate(call.repeat.sizes):
            below //= size
            lines.append(f"  %q{number}.{d} = udiv i64 %i{number}, {below}")
            lines.append(f"  %d{number}.{d} = urem i64 %q{number}.{d}, {size}")
        for place, strides in enumerate(call.repeat.strides):
            shifts[place] = "0"
            for d, stride in enumerate(strides):
                if stride:
                    name = f"{number}.{place}.{d}"
                    lines.append(f"  %m{name} = mul i64 %d{number}.{d}, {stride}")
                    lines.append(f"  %h{name} = add i64 {shifts[place]}, %m{name}")
                    shifts[place] = f"%h{name}"
        return shifts, lines

    def _once(
        self, number: int, call: Call, status: str, part: str, parts: str, shifts: dict[int, str]
    ) -> Iterator[str]:
        arguments = []
        for k, (place, offset) in enumerate(call.places):
            base, start = self._base(self.memory.buffers[place], place)
            yield f"  %f{number}.{k} = getelementptr i8, ptr {base}, i64 {start + offset}"
            yield f"  %p{number}.{k} = getelementptr i8, ptr %f{number}.{k}, i64 {shifts.get(k, '0')}"
            arguments.append(f"ptr %p{number}.{k}")
        if call.kernel.complaint:
            at = 1 + 2 * self.checked.index(call)
            yield f"  %s{number} = getelementptr i64, ptr {status}, i64 {at}"
            arguments.append(f"ptr %s{number}")
        if call.kernel.scratch:
            yield from self._scratch(number, call, part)
            arguments.append(f"ptr %z{number}")
        arguments += [f"i64 {part}", f"i64 {parts}"]
        yield f"  call void @{call.kernel.symbol}({', '.join(arguments)})"

    def _scratch(self, number: int, call: Call, part: str) -> Iterator[str]:
        """Every part's scratch memory begins at the same place for all kernels, whatever their own shares are."""
        spare = self.scratch - call.kernel.scratch_bytes(1)
        arena = f"%t{self.arguments + self.results}"
        yield f"  %y{number} = mul i64 {part}, {spare}"
        yield f"  %x{number} = add i64 %y{number}, {self.memory.arena_bytes}"
        yield f"  %z{number} = getelementptr i8, ptr {arena}, i64 %x{number}"

    def _leave_if_refused(self, number: int, call: Call, status: str) -> Iterator[str]:
        index = self.checked.index(call)
        yield f"  %w{number} = getelementptr i64, ptr {status}, i64 {1 + 2 * index}"
        yield f"  %v{number} = load i64, ptr %w{number}"
        yield f"  %bad{number} = icmp ne i64 %v{number}, 0"
        yield f"  br i1 %bad{number}, label %leave{number}, label %on{number}"
        yield f"leave{number}:"
        yield f"  store i64 {index + 1}, ptr {status}"
        yield "  ret void"
        yield f"on{number}:"
