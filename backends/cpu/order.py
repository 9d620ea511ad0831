"""The order in which a program's instructions run: what frees memory comes first.

An update of state waits for everything that may refuse its operands (an index out of bounds), so that a step that fails
leaves the state as it was.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush

from ...ir import Const, Func, Instr, Value
from .liveness import Liveness, replacements


def ordered(func: Func) -> Func:
    """The same instructions, in an order that needs little memory."""
    return replace(func, body=tuple(_Order(func).run()), _cache={})


class _Order:
    """Ready instructions wait in a heap by how much memory they would add; places in the Func break ties."""

    def __init__(self, func: Func) -> None:
        self.body = func.body
        self.place = {instr: place for place, instr in enumerate(func.body)}
        self.updates = replacements(func)
        self.readers: dict[Value, set[int]] = {}
        self.waits: list[set[int]] = [set() for _ in func.body]
        self._by_data(func)
        self._by_updates(func)
        self.kept = {r.value for r in func.results} | set(func.args)
        self.missing: list[int] = []
        self.ready: list[tuple[int, int]] = []

    def run(self) -> list[Instr]:
        followers: list[list[int]] = [[] for _ in self.body]
        for place, waits in enumerate(self.waits):
            for other in waits:
                followers[other].append(place)
        self.missing = [len(waits) for waits in self.waits]
        for place, count in enumerate(self.missing):
            if not count:
                self._offer(place)
        done: dict[int, Instr] = {}
        while self.ready:
            _, place = heappop(self.ready)
            if place not in done:
                done[place] = self.body[place]
                self._finish(place)
                for other in followers[place]:
                    self.missing[other] -= 1
                    if not self.missing[other]:
                        self._offer(other)
        return list(done.values())

    def _offer(self, place: int) -> None:
        heappush(self.ready, (self._growth(place), place))

    def _by_data(self, func: Func) -> None:
        made = func.producers()
        for place, instr in enumerate(func.body):
            for operand in instr.operands:
                if not isinstance(operand, Const):
                    self.readers.setdefault(operand, set()).add(place)
                if operand in made:
                    self.waits[place].add(self.place[made[operand]])

    def _by_updates(self, func: Func) -> None:
        """An update comes after the old value's readers and after what may refuse, where it did so before."""
        liveness = Liveness(func)
        reading: dict[Value, list[int]] = {}
        for place, instr in enumerate(func.body):
            for operand in instr.operands:
                reading.setdefault(liveness.root(operand), []).append(place)
        refusing = [place for place, instr in enumerate(func.body) if may_refuse(instr)]
        for place, instr in enumerate(func.body):
            for result in instr.results:
                if result in self.updates:
                    before = [*reading.get(self.updates[result], ()), *refusing]
                    self.waits[place].update(p for p in before if p < place)

    def _growth(self, place: int) -> int:
        """Bytes that an instruction adds, less those that nobody needs after it."""
        instr = self.body[place]
        added = sum(r.type.nbytes for r in instr.results if r not in self.kept)
        freed = sum(
            o.type.nbytes
            for o in dict.fromkeys(instr.operands)
            if o not in self.kept and self.readers.get(o) == {place}
        )
        return added - freed

    def _finish(self, place: int) -> None:
        """What is now read by one instruction alone makes that one cheaper: it is offered once more."""
        for operand in self.body[place].operands:
            left = self.readers.get(operand, set())
            left.discard(place)
            if len(left) == 1:
                (last,) = left
                if not self.missing[last]:
                    self._offer(last)


def may_refuse(instr: Instr) -> bool:
    """Can an instruction refuse its operands by their values?"""
    inner = instr.op.body.body if instr.op.body else (instr,)
    return any(i.op.checks for i in inner)
