"""Where each value of a program lives: which buffer, and how it lies there; and which buffers share memory.

Views live where their operand lives. Every other value has a buffer of its own. Temporary buffers are placed in one
arena: two may have the same bytes if no instruction needs both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...ir import Const, Func, Instr, Value
from .layout import Layout, dense, viewed

ALIGNMENT = 64


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
    """Which argument, or which result."""
    content: np.ndarray | None = None
    offset: int = 0


class Memory:
    """The plan for one Func."""

    def __init__(self, func: Func) -> None:
        self.buffers: list[Buffer] = []
        self.homes: dict[Value, Home] = {}
        for number, arg in enumerate(func.args):
            self._own(arg, "argument", number)
        for place, instr in enumerate(func.body):
            for operand in instr.operands:
                self.buffers[self.home(operand).buffer].last = place
            self._produce(instr, place)
        self.copies = list(self._return(func))
        self.arena_bytes = self._place()

    def home(self, value: Value) -> Home:
        """Where a value lives; a number gets a place when it is first asked for."""
        if value not in self.homes:
            assert isinstance(value, Const)
            self._own(value, "number", 0)
            self.buffers[-1].content = value.array
        return self.homes[value]

    def is_view(self, instr: Instr) -> bool:
        """Does an instruction cost nothing, because its result is its operand, seen otherwise?"""
        if len(instr.operands) != 1 or len(instr.results) != 1:
            return False
        return self.home(instr.result).buffer == self.home(instr.operands[0]).buffer

    def _own(self, value: Value, kind: str, number: int, place: int = 0) -> None:
        self.buffers.append(Buffer(kind, value.type.nbytes, place, place, number))
        self.homes[value] = Home(len(self.buffers) - 1, dense(value.type.static_shape))

    def _produce(self, instr: Instr, place: int) -> None:
        if len(instr.operands) == 1:
            source = self.home(instr.operands[0])
            layout = viewed(instr.op, source.layout)
            if layout is not None:
                self.homes[instr.result] = Home(source.buffer, layout)
                return
        for result in instr.results:
            self._own(result, "temporary", 0, place)

    def _return(self, func: Func) -> Iterator[tuple[Value, int]]:
        """Results that own a buffer become the caller's; of the others the caller gets a copy."""
        for number, (value, _) in enumerate(func.results):
            home = self.home(value)
            buffer = self.buffers[home.buffer]
            if buffer.kind == "temporary" and home.layout == dense(value.type.static_shape):
                buffer.kind, buffer.number = "result", number
            else:
                buffer.last = len(func.body)
                self.buffers.append(Buffer("result", value.type.nbytes, number=number))
                yield value, len(self.buffers) - 1

    def _place(self) -> int:
        """First fit: each temporary at the lowest place that is free while it is needed."""
        placed: list[Buffer] = []
        for buffer in (b for b in self.buffers if b.kind == "temporary"):
            near = [p for p in placed if p.last >= buffer.first and p.first <= buffer.last]
            for other in sorted(near, key=lambda b: b.offset):
                if buffer.offset + buffer.nbytes <= other.offset:
                    break
                buffer.offset = max(buffer.offset, _aligned(other.offset + other.nbytes))
            placed.append(buffer)
        return max((b.offset + b.nbytes for b in placed), default=0)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
