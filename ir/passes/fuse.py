"""Fusion: an anchor (a matrix product, a sum, a normalisation, ...) or an elementwise op, and the elementwise ops that
go on from its result, become one instruction with a body.

What is joined has one shape, so that one loop can do it. A value that others read too becomes one more result of the
instruction. The instruction takes the place of its last member; so nothing between may read what an earlier one made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..builder import FuncBuilder
from ..func import Func
from ..fused import Fused
from ..values import Const, Instr, Result, Value

Group = list[Instr]

LARGEST = 64
"""Members of a group. A longer chain is cut: one loop of hundreds of ops would run out of registers."""


def fuse(func: Func) -> Func:
    """Join producers with their elementwise consumers; each group of two or more becomes a `Fused` instruction."""
    grouping = Grouping(func)
    builder = FuncBuilder(func.name, func.args)
    for instr in func.body:
        group = grouping.of[instr]
        if instr is group[-1]:
            builder.append(instr if len(group) == 1 else _fused(group, grouping.seen_outside(group)))
    return builder.finish(func.results)


class Grouping:
    """Which instructions go together."""

    def __init__(self, func: Func) -> None:
        self.readers = func.uses()
        self.made = func.producers()
        self.place = {instr: place for place, instr in enumerate(func.body)}
        self.of: dict[Instr, Group] = {}
        for instr in func.body:
            self._settle([instr])
            for producer in self._producers(instr):
                self._join(self.of[producer], self.of[instr])

    def seen_outside(self, group: Group) -> list[Value]:
        """The values of a group that something outside it reads; the last ones, if nothing does."""
        members = set(group)
        results = [r for i in group for r in i.results]
        seen = [r for r in results if any(u not in members for u in self.readers.get(r, ()))]
        return seen or list(group[-1].results)

    def _settle(self, group: Group) -> None:
        self.of.update(dict.fromkeys(group, group))

    def _producers(self, instr: Instr) -> Iterator[Instr]:
        """What made the operands that have the shape of the result, if it can be joined with what follows it."""
        if not instr.op.elementwise:
            return
        for operand in dict.fromkeys(instr.operands):
            producer = self.made.get(operand)
            if (
                producer is not None
                and (producer.op.elementwise or producer.op.anchor)
                and len(producer.results) == 1
                and operand.type.shape == instr.result.type.shape
            ):
                yield producer

    def _join(self, first: Group, second: Group) -> None:
        """Make one group of two, if one kernel can do both."""
        if first is second or len(first) + len(second) > LARGEST:
            return
        group = sorted({*first, *second}, key=self.place.__getitem__)
        anchors = [i for i in group if i.op.anchor]
        if len(anchors) <= 1 and self._begins(group, anchors) and self._undisturbed(group):
            self._settle(group)

    def _begins(self, group: Group, anchors: list[Instr]) -> bool:
        """Does the anchor read nothing that the group makes?"""
        return not any(self.made.get(o) in group for anchor in anchors for o in anchor.operands)

    def _undisturbed(self, group: Group) -> bool:
        """Can all of the group wait for its last member?"""
        last, members = self.place[group[-1]], set(group)
        return all(
            reader is None or reader in members or self.place[reader] > last
            for instr in group
            for result in instr.results
            for reader in self.readers.get(result, ())
        )


def _fused(group: Group, results: list[Value]) -> Instr:
    """One instruction that does what the group does."""
    inside = {r for i in group for r in i.results}
    outside = dict.fromkeys(
        o for i in group for o in i.operands if o not in inside and not isinstance(o, Const)
    )
    became: dict[Value, Value] = {o: Value(o.type, o.name) for o in outside}
    args = tuple(became.values())
    body = []
    for i in group:
        became.update({r: Value(r.type, r.name) for r in i.results})
        operands = tuple(became.get(o, o) for o in i.operands)
        body.append(replace(i, operands=operands, results=tuple(became[r] for r in i.results)))
    made = Func(_name(group), args, tuple(body), tuple(Result(became[r]) for r in results))
    return Instr(Fused(made), tuple(outside), tuple(results), group[-1].loc)


def _name(group: Group) -> str:
    names = [i.op.name for i in group]
    return "_".join(names) if len(names) <= 3 else f"fused_{names[0]}_{names[-1]}"
