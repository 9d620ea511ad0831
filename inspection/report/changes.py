"""What a pass changed: which instruction of one stage is which of the next.

Every instruction gets a number that stays with it from stage to stage. One that a pass kept is found by its result;
one that was copied into a fused body by what it computes, from operands that are themselves known; what is left, by
how it looks. All of this is one walk over each stage.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...ir import Const, Func, Instr, Value
from ...ir.text.printer import attr_text
from .reordered import reordered

Operands = tuple[Hashable, ...]


class Member(NamedTuple):
    """An instruction of a stage, in the order in which it prints."""

    instr: Instr
    number: int
    parent: int | None
    """The fused instruction that it is in."""
    operands: Operands
    """What it reads: numbers of instructions with the place among their results, arguments, constants."""


@dataclass
class Numbered:
    """A stage whose instructions have their numbers, and how they differ from those of the stage before."""

    members: list[Member] = field(default_factory=list)
    new: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    """Into a fused body, or out of it."""
    placed: set[int] = field(default_factory=set)
    """Otherwise as before, but earlier or later among the others."""
    removed: list[int] = field(default_factory=list)
    first: bool = False

    @property
    def differs(self) -> bool:
        return any([self.new, self.changed, self.moved, self.placed, self.removed])

    def marks(self) -> dict[int, str]:
        """What became of each instruction, where anything did."""
        kinds = {
            "new": self.new, "changed": self.changed, "moved": self.moved, "placed": self.placed
        }  # fmt: skip
        return {number: kind for kind, numbers in kinds.items() for number in sorted(numbers)}

    def __str__(self) -> str:
        if self.first:
            return f"{len(self.members)} instructions"
        told = [
            f"{len(self.new)} new" * bool(self.new),
            f"{len(self.changed)} changed" * bool(self.changed),
            f"{len(self.moved)} moved" * bool(self.moved),
            f"{len(self.placed)} reordered" * bool(self.placed),
            f"{len(self.removed)} removed" * bool(self.removed),
        ]
        return ", ".join(filter(None, told)) or "changed nothing"


def numbered(funcs: Sequence[Func]) -> list[Numbered]:
    """The stages of one program, with equal numbers for what is the same."""
    found: list[Numbered] = []
    free = 0
    for func in funcs:
        stage = _Stage(found[-1] if found else None, free)
        stage.walk(func, None, {a: a.name for a in func.args})
        free = stage.free
        found.append(stage.finished())
    return found


class _Stage:
    """One stage, being compared with the one before."""

    def __init__(self, before: Numbered | None, free: int) -> None:
        self.before = {m.number: m for m in before.members} if before else {}
        self.waiting = set(self.before)
        self.by_result = {m.instr.results[0]: m.number for m in self.before.values()}
        self.by_meaning: dict[Hashable, deque[int]] = defaultdict(deque)
        self.by_looks: dict[Hashable, deque[int]] = defaultdict(deque)
        for m in self.before.values():
            self.by_meaning[(_op(m.instr), m.operands)].append(m.number)
            self.by_looks[_looks(m.instr)].append(m.number)
        self.found = Numbered(first=before is None)
        self.free = free

    def walk(self, func: Func, parent: int | None, known: dict[Value, Hashable]) -> None:
        for instr in func.body:
            operands = tuple(_known(o, known) for o in instr.operands)
            number = self._number(instr, operands)
            self.found.members.append(Member(instr, number, parent, operands))
            known.update({r: (number, k) for k, r in enumerate(instr.results)})
            if instr.op.body is not None:
                inside = dict(zip(instr.op.body.args, operands, strict=True))
                self.walk(instr.op.body, number, inside)

    def finished(self) -> Numbered:
        for member in self.found.members:
            before = self.before.get(member.number)
            if before is None:
                self.found.new.add(member.number)
            elif before.parent != member.parent:
                self.found.moved.add(member.number)
            elif (_op(before.instr), before.operands) != (_op(member.instr), member.operands):
                self.found.changed.add(member.number)
        self.found.placed = self._placed()
        self.found.removed = [n for n in self.before if n in self.waiting]
        if self.found.first:
            self.found.new.clear()
        return self.found

    def _placed(self) -> set[int]:
        """Those outside of fused bodies that changed places and nothing else."""
        place = {n: k for k, (n, m) in enumerate(self.before.items()) if m.parent is None}
        kept = [m.number for m in self.found.members if m.number in place and m.parent is None]
        moved = {kept[k] for k in reordered([place[n] for n in kept])}
        return moved - self.found.changed

    def _number(self, instr: Instr, operands: Operands) -> int:
        for number in self._candidates(instr, operands):
            if number in self.waiting and self.before[number].instr.op.name == instr.op.name:
                self.waiting.discard(number)
                return number
        self.free += 1
        return self.free - 1

    def _candidates(self, instr: Instr, operands: Operands) -> Iterator[int]:
        """The instructions that this one may have been, the surest first; each is looked at once."""
        if instr.results[0] in self.by_result:
            yield self.by_result[instr.results[0]]
        for waiting in (
            self.by_meaning[(_op(instr), operands)],
            self.by_looks[_looks(instr)],
        ):
            while waiting:
                yield waiting.popleft()


def _op(instr: Instr) -> Hashable:
    attrs = instr.op.attrs()
    return (instr.op.name, *attrs, *map(attr_text, attrs.values()))


def _looks(instr: Instr) -> Hashable:
    return _op(instr), tuple((r.type, r.name) for r in instr.results), instr.loc


def _known(operand: Value, known: dict[Value, Hashable]) -> Hashable:
    return operand.key if isinstance(operand, Const) else known[operand]
