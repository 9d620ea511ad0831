"""The loops over the reduced elements of a panel, and the states that they carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..gemm.instructions import I64, Value, first
from ..vector import Vector
from .geometry import Geometry
from .loops import plus, repeated
from .place import Place

State = tuple[Vector, ...]
Bases = tuple[Value, ...]
Visit = Callable[[State, Place], State]
Joining = Callable[[State, State], State]
LONG = 32
"""Turns of a loop from which on sums are split."""


@dataclass(frozen=True)
class Walk:
    """Visits every element of a panel. Steps that are taken at once have states of their own, group by group."""

    builder: Any
    geometry: Geometry
    groups: int
    start: State
    visit: Visit
    place: Callable[[Bases, int, int | None], Place]
    join: Joining | None = None
    """Given for sums: what a loop has summed up is then added to the rest as one number, so that errors stay small."""

    def run(self, bases: Bases) -> list[State]:
        """The states at the end: all groups of the first steps, then those of the second ones, ..."""
        at_once = self.geometry.in_flight(self.groups)
        return self._level(0, bases, [self.start] * (at_once * self.groups))

    def _level(self, depth: int, bases: Bases, slots: list[State]) -> list[State]:
        sizes = self.geometry.reduced.sizes
        if depth == len(sizes) - 1:
            return self._innermost(bases, slots)

        def turn(index: Value, slots: list[State]) -> list[State]:
            there = self._stepped(bases, depth, index)
            return self._apart(slots, lambda s: self._level(depth + 1, there, s))

        return self._turns(sizes[depth], slots, turn)

    def _innermost(self, bases: Bases, slots: list[State]) -> list[State]:
        steps, rest = divmod(self.geometry.inner, self.geometry.advance)
        at_once = len(slots) // self.groups

        def turn(index: Value, slots: list[State]) -> list[State]:
            return self._steps(bases, self.builder.mul(index, I64(at_once)), slots, at_once)

        slots = self._long(steps // at_once, slots, turn)
        slots = self._steps(bases, I64(steps - steps % at_once), slots, steps % at_once)
        return self._steps(bases, I64(steps), slots, 1, rest) if rest else slots

    def _long(
        self, count: int, slots: list[State], turn: Callable[[Value, list[State]], list[State]]
    ) -> list[State]:
        """Many turns as about as many blocks as a block has turns."""
        if self.join is None or count < LONG:
            return self._turns(count, slots, turn)
        block = 1 << count.bit_length() // 2

        def several(index: Value, slots: list[State]) -> list[State]:
            def inner(i: Value, slots: list[State]) -> list[State]:
                return turn(plus(self.builder, i, index, block), slots)

            return self._apart(slots, lambda s: self._turns(block, s, inner))

        def left(i: Value, slots: list[State]) -> list[State]:
            return turn(self.builder.add(i, I64(count - count % block)), slots)

        return self._turns(count % block, self._turns(count // block, slots, several), left)

    def _apart(self, slots: list[State], work: Callable[[list[State]], list[State]]) -> list[State]:
        """Work on the states, or on fresh ones that then join them."""
        if self.join is None:
            return work(slots)
        fresh = work([self.start] * len(slots))
        return [self.join(x, y) for x, y in zip(slots, fresh, strict=True)]

    def _steps(
        self,
        bases: Bases,
        start: Value,
        slots: list[State],
        count: int,
        rest: int | None = None,
    ) -> list[State]:
        """A number of steps, from the one with the number `start`; the last one may have a part of the lanes only."""
        advance, made = self.geometry.advance, list(slots)
        for k in range(count):
            position = plus(self.builder, I64(k * advance), start, advance)
            mine = slice(k * self.groups, (k + 1) * self.groups)
            made[mine] = self._step(bases, position, made[mine], rest)
        return made

    def _step(
        self, bases: Bases, position: Value, states: list[State], rest: int | None
    ) -> list[State]:
        there = self._stepped(bases, len(self.geometry.reduced.sizes) - 1, position)
        made = []
        for g, state in enumerate(states):
            found = self.visit(state, replace(self.place(there, g, rest), position=position))
            made.append(found if rest is None else self._chosen(rest, found, state))
        return made

    def _stepped(self, bases: Bases, depth: int, index: Value) -> Bases:
        strides = self.geometry.reduced.strides
        return tuple(plus(self.builder, x, index, strides[b][depth]) for b, x in enumerate(bases))

    def _turns(
        self, count: int, slots: list[State], body: Callable[[Value, list[State]], list[State]]
    ) -> list[State]:
        """A loop that carries states."""

        def turn(index: Value, values: list[Value]) -> Sequence[Value]:
            return _values(body(index, _states(slots, values)))

        return _states(slots, repeated(self.builder, count, _values(slots), turn))

    def _chosen(self, count: int, new: State, old: State) -> State:
        mask = first(count, self.geometry.lanes)
        return tuple(
            replace(x, value=self.builder.select(mask, x.value, y.value))
            for x, y in zip(new, old, strict=True)
        )


def _values(slots: list[State]) -> list[Value]:
    return [x.value for state in slots for x in state]


def _states(like: list[State], values: Sequence[Value]) -> list[State]:
    rest = iter(values)
    return [tuple(replace(x, value=next(rest)) for x in state) for state in like]
