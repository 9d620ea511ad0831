"""Where values live, in words: a byte of the arena, the memory of an argument, a result that the caller gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..backends.cpu.layout import Layout, dense
from ..backends.cpu.memory import Buffer, Copy, Home, Memory
from ..ir import Const, Func, TensorType, Value


class Tenant(NamedTuple):
    """Bytes of the arena from one instruction to another, and the values that live there, one after the other."""

    names: tuple[str, ...]
    bytes: int
    offset: int
    first: int
    last: int


class Room(NamedTuple):
    """An argument's memory, or a result's: the values that live there, and whether the program writes to it."""

    name: str
    type: str
    bytes: int
    values: tuple[str, ...]
    written: bool


class Places:
    """The places of one program's values."""

    def __init__(self, func: Func, memory: Memory, names: Mapping[Value, str]) -> None:
        self.func = func
        self.memory = memory
        self.names = names

    def all(self) -> dict[Value, str]:
        """The place of every value but the constants."""
        return {v: self.home(h, v.type) for v, h in self.memory.homes.items() if v in self.names}

    def home(self, home: Home, type: TensorType) -> str:
        """`@35392`, `@%x`, `@result0`, `@constant`; what does not begin at the buffer's start or lie dense says so."""
        buffer, start = self.memory.buffers[home.buffer], home.layout.offset * type.dtype.itemsize
        if buffer.kind == "temporary":
            return f"@{buffer.offset + start}{_strides(home.layout)}"
        name = self._owner(buffer)
        return f"@{name}{f'+{start}' if start else ''}{_strides(home.layout)}"

    def copied(self, copy: Copy) -> tuple[TensorType, str, str]:
        """What a copy at the end moves: its type, from where, to where."""
        type, source, to = copy
        there = Home(to, dense(type.static_shape))
        return type, self.home(source, type), self.home(there, type)

    def _owner(self, buffer: Buffer) -> str:
        if buffer.kind == "argument":
            return self.names[self.func.args[buffer.number]]
        return f"result{buffer.number}" if buffer.kind == "result" else "constant"

    # ---- buffers

    def tenants(self) -> Iterator[Tenant]:
        for number, b in self._of("temporary"):
            yield Tenant(self._values(number), b.nbytes, b.offset, b.first, b.last)

    def arguments(self) -> Iterator[Room]:
        updated = {r.into for r in self.func.results}
        for number, b in self._of("argument"):
            arg = self.func.args[b.number]
            values = self._values(number)
            yield Room(self.names[arg], str(arg.type), b.nbytes, values, arg in updated)

    def results(self) -> Iterator[Room]:
        fresh = [r.value for r in self.func.results if r.into is None]
        for number, b in sorted(self._of("result"), key=lambda each: each[1].number):
            type = fresh[b.number].type
            yield Room(f"result{b.number}", str(type), b.nbytes, self._values(number), True)

    def _of(self, kind: str) -> Iterator[tuple[int, Buffer]]:
        return ((n, b) for n, b in enumerate(self.memory.buffers) if b.kind == kind)

    def _values(self, buffer: int) -> tuple[str, ...]:
        tenants = self.memory.tenants.get(buffer, ())
        return tuple(self.names[v] for v in tenants if not isinstance(v, Const))


def _strides(layout: Layout) -> str:
    if layout.strides == dense(layout.shape).strides:
        return ""
    return f"[{','.join(map(str, layout.strides))}]"
