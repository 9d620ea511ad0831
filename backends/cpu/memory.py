"""Where each value of a program lives: which buffer, and how it lies there; and which buffers share memory.

Views live where their operand lives. A value that replaces an argument (an updated parameter) is written over it where
nobody needs the old one any more; an elementwise result is written over an operand that nobody needs any more. Every
other value has a buffer of its own. Temporary buffers are placed in one arena: two may have the same bytes if no
instruction needs both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np

from ...ir import Const, Func, Instr, TensorType, Value
from ...ir.ops.creation import Literal
from .arena import placed
from .layout import Layout, dense, may_view, viewed
from .liveness import Liveness, reads_in_step, replacements


@dataclass(frozen=True)
class Home:
    """A value's buffer, and its layout there."""

    buffer: int
    layout: Layout


@dataclass
class Buffer:
    """A piece of memory: an argument, a number, a result that the caller gets, or a temporary in the arena."""

    kind: str
    nbytes: int
    first: int = 0
    last: int = 0
    """The instructions between which it is needed."""
    number: int = 0
    """Which argument, or which of the results that replace no argument."""
    content: np.ndarray | None = None
    offset: int = 0


class Copy(NamedTuple):
    """What is left to do when all instructions have run: a value goes to a buffer, where it lies dense."""

    type: TensorType
    source: Home
    target: int


class Memory:
    """The plan for one Func whose instructions are in their final order."""

    def __init__(self, func: Func) -> None:
        self.buffers: list[Buffer] = []
        self.homes: dict[Value, Home] = {}
        self.tenants: dict[int, list[Value]] = {}
        self.liveness = Liveness(func)
        self.replaces = replacements(func)
        self.end = len(func.body)
        for number, arg in enumerate(func.args):
            self._own(arg, "argument", number)
        for place, instr in enumerate(func.body):
            for operand in instr.operands:
                self._needed(self.home(operand).buffer, place)
            self._produce(instr, place)
        self.copies = list(self._return(func))
        self.arena_bytes = placed([b for b in self.buffers if b.kind == "temporary"])

    def home(self, value: Value) -> Home:
        """Where a value lives; a number gets a place when it is first asked for."""
        if value not in self.homes:
            assert isinstance(value, Const)
            self._own(value, "constant", 0)
            self.buffers[-1].content = value.array
        return self.homes[value]

    def is_view(self, instr: Instr) -> bool:
        """Does an instruction cost nothing, because its result is its operand, seen otherwise?"""
        return (
            may_view(instr.op)
            and self.home(instr.result).buffer == self.home(instr.operands[0]).buffer
        )

    def _own(self, value: Value, kind: str, number: int, place: int = 0) -> None:
        self.buffers.append(Buffer(kind, value.type.nbytes, place, place, number))
        self._house(value, Home(len(self.buffers) - 1, dense(value.type.static_shape)))

    def _house(self, value: Value, home: Home) -> None:
        self.homes[value] = home
        self.tenants.setdefault(home.buffer, []).append(value)

    def _needed(self, buffer: int, place: int) -> None:
        self.buffers[buffer].last = max(self.buffers[buffer].last, place)

    # ---- values that instructions produce

    def _produce(self, instr: Instr, place: int) -> None:
        if may_view(instr.op):
            source = self.home(instr.operands[0])
            layout = viewed(instr.op, source.layout)
            if layout is not None:
                self._house(instr.result, Home(source.buffer, layout))
                return
        taken: set[int] = set()
        for result in instr.results:
            home = self._over_argument(instr, result, place)
            home = home or self._over_operand(instr, result, place, taken)
            if home is None:
                self._own(result, "temporary", 0, place)
                if isinstance(instr.op, Literal):
                    self.buffers[-1].kind, self.buffers[-1].content = "constant", instr.op.ref()
            else:
                self._house(result, home)
                taken.add(home.buffer)
                self._needed(home.buffer, place)

    def _over_argument(self, instr: Instr, result: Value, place: int) -> Home | None:
        """The place of the argument that a result replaces, if its old value is not needed after the instruction."""
        argument = self.replaces.get(result)
        if argument is None or isinstance(instr.op, Literal):
            return None
        home = self.homes[argument]
        free = self.liveness.end(argument) <= place and self._in_step(instr, home)
        return home if free else None

    def _over_operand(
        self, instr: Instr, result: Value, place: int, taken: set[int]
    ) -> Home | None:
        """The place of an operand that dies here, if a loop may write each element after it has read it."""
        for operand in instr.operands:
            home = self.homes.get(operand)
            if home is None or home.buffer in taken:
                continue
            buffer = self.buffers[home.buffer]
            if (
                buffer.kind == "temporary"
                and buffer.nbytes == result.type.nbytes
                and home.layout == dense(result.type.static_shape)
                and self._dies(home.buffer, place)
                and reads_in_step(instr, operand)
                and self._in_step(instr, home)
            ):
                return home
        return None

    def _dies(self, buffer: int, place: int) -> bool:
        return all(self.liveness.end(v) <= place for v in self.tenants[buffer])

    def _in_step(self, instr: Instr, home: Home) -> bool:
        """Is all that an instruction reads of a buffer read element by element, as it lies?"""
        return all(
            self.homes[o].layout == home.layout and reads_in_step(instr, o)
            for o in instr.operands
            if o in self.homes and self.homes[o].buffer == home.buffer
        )

    # ---- values that the program returns

    def _return(self, func: Func) -> Iterator[Copy]:
        """Results that own a buffer become the caller's; of the others the caller gets a copy.

        What replaces an argument goes there last, by way of a temporary if it lies in another that is replaced.
        """
        late: list[Copy] = []
        replaced = {self.homes[r.into].buffer for r in func.results if r.into is not None}
        fresh = count()
        for value, into in func.results:
            home = self.home(value)
            if into is None:
                yield from self._hand_over(value, home, next(fresh))
            elif home != self.homes[into]:
                self._needed(home.buffer, self.end)
                if home.buffer in replaced:
                    between = self._room("temporary", value)
                    yield Copy(value.type, home, between)
                    home = Home(between, dense(value.type.static_shape))
                late.append(Copy(value.type, home, self.homes[into].buffer))
        yield from late

    def _hand_over(self, value: Value, home: Home, number: int) -> Iterator[Copy]:
        buffer = self.buffers[home.buffer]
        whole = Home(home.buffer, dense(value.type.static_shape))
        if buffer.kind == "temporary" and home == whole and buffer.nbytes == value.type.nbytes:
            buffer.kind, buffer.number = "result", number
        else:
            self._needed(home.buffer, self.end)
            yield Copy(value.type, home, self._room("result", value, number))

    def _room(self, kind: str, value: Value, number: int = 0) -> int:
        """A buffer for the copies at the end."""
        self.buffers.append(Buffer(kind, value.type.nbytes, self.end, self.end, number))
        return len(self.buffers) - 1
