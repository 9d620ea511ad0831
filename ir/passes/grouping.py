"""Which instructions go together in one kernel.

A group is of one of three kinds: elementwise ops of one shape; an anchor and elementwise ops on its result; ops of one
walk, with elementwise ops on what is there for each element or once per walk. A group takes the place of its last
member, so nothing in between may read what an earlier member made. Views are in no group: they stand for their operand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..func import Func
from ..types import Shape
from ..values import Instr, Value
from ..walk import Walk
from .through import Through

Group = list[Instr]

LARGEST = 64
"""Members of a group. A longer chain is cut: one loop of hundreds of ops would run out of registers."""


class Grouping:
    """The groups of a Func."""

    def __init__(self, func: Func) -> None:
        self.through = Through(func)
        self.place = {instr: place for place, instr in enumerate(func.body)}
        self.of: dict[Instr, Group] = {}
        numbers: Instr | None = None
        for instr in func.body:
            if instr.op.in_order:
                continue
            self._settle([instr])
            if not joins(instr):
                continue
            for producer in self.producers(instr):
                self._join(self.of[producer], self.of[instr])
            if instr.op.elementwise and instr.result.type.rank == 0:
                if numbers is not None:
                    self._join(self.of[numbers], self.of[instr])
                numbers = instr

    def seen_outside(self, group: Group) -> list[Value]:
        """The values of a group that something outside it reads; the last ones, if nothing does."""
        members = set(group)
        results = [r for i in group for r in i.results]
        seen = [r for r in results if any(u not in members for u in self.through.readers(r))]
        return seen or list(group[-1].results)

    def _settle(self, group: Group) -> None:
        self.of.update(dict.fromkeys(group, group))

    def producers(self, instr: Instr) -> Iterator[Instr]:
        """What made the operands, views left out, if it can be joined with what follows it."""
        for operand in dict.fromkeys(map(self.through.root, instr.operands)):
            producer = self.through.made.get(operand)
            if producer is not None and (joins(producer) or producer.op.anchor):
                yield producer

    def _join(self, first: Group, second: Group) -> None:
        """Make one group of two, if one kernel can do both."""
        if first is not second and self.obstacle(first, second) is None:
            self._settle(self._together(first, second))

    def _together(self, first: Group, second: Group) -> Group:
        return sorted({*first, *second}, key=self.place.__getitem__)

    def obstacle(self, first: Group, second: Group) -> str | None:
        """Why a group and one that reads it are not one kernel; None if they can be."""
        if len(first) + len(second) > LARGEST:
            return f"together they are {len(first) + len(second)} ops, and {LARGEST} is the most"
        group = self._together(first, second)
        return self._discord(group, first) or self._disturbance(group)

    def _discord(self, group: Group, first: Group) -> str | None:
        """Why no kernel does all of a group."""
        walks = {w for w in map(walk_of, group) if w is not None}
        anchors = [i for i in group if i.op.anchor]
        if len(walks) + len(anchors) > 1:
            leaders = [i.op.name for i in group if i.op.anchor or walk_of(i)]
            return f"each goes over its elements in its own way: {', '.join(leaders)}"
        if walks:
            (walk,) = walks
            if not all(self._fits(i, walk, group) for i in group):
                return "their shapes do not go along the same dimensions"
            if not self._is_inside(first, walk):
                return "others want the elements too, and more threads could share them"
            return None
        if not self._has_one_shape(group):
            return "their shapes differ"
        return (
            None
            if self._begins(group, anchors)
            else "a product reads its operands whole, from memory"
        )

    def _has_one_shape(self, group: Group) -> bool:
        return len({i.result.type.shape for i in group}) == 1 and not any(
            self.through.path(o) for i in group for o in i.operands if self._within(o, group)
        )

    def _within(self, operand: Value, group: Group) -> bool:
        return self.through.made.get(self.through.root(operand)) in group

    def _begins(self, group: Group, anchors: list[Instr]) -> bool:
        """Does the anchor read nothing that the group makes?"""
        return not any(self._within(o, group) for anchor in anchors for o in anchor.operands)

    # ---- walks

    def _fits(self, instr: Instr, walk: Walk, group: Group) -> bool:
        """Can a member be done where the walk is, and do the views that it looks through keep to the walk's places?"""
        if not walk.covers(instr.result.type.shape):
            return False
        inner = [o for o in instr.operands if self._within(o, group)]
        shape = walk.shape if walk_of(instr) else instr.result.type.shape
        return all(self._stays(o, shape, walk) for o in inner)

    def _stays(self, operand: Value, shape: Shape, walk: Walk) -> bool:
        shapes = [v.operands[0].type.shape for v in self.through.path(operand)]
        steps = [*shapes, operand.type.shape, shape]
        return walk.shape not in shapes and all(
            walk.covers(a) and walk.spreads(a, b) for a, b in pairwise(steps)
        )

    def _is_inside(self, group: Group, walk: Walk) -> bool:
        """Elementwise ops that come before a walk join it only if nothing else wants their results element by element:
        they could be shared among more threads than the walk.
        """
        if any(walk_of(i) for i in group):
            return True
        return all(
            reader is not None and self._goes_along(reader, walk)
            for i in group
            for reader in self.through.readers(i.result)
            if i.result.type.shape == walk.shape
        )

    def _goes_along(self, reader: Instr, walk: Walk) -> bool:
        own = walk_of(reader)
        return own == walk or (reader.op.elementwise and walk.covers(reader.result.type.shape))

    def _disturbance(self, group: Group) -> str | None:
        """Why the group cannot wait for its last member, if it cannot."""
        last, members = self.place[group[-1]], set(group)
        for instr in group:
            for result in instr.results:
                for reader in self.through.readers(result):
                    if reader and reader not in members and self.place[reader] <= last:
                        return f"{reader.op.name} in between reads what {instr.op.name} makes"
        return None


def walk_of(instr: Instr) -> Walk | None:
    """The walk of an instruction, if it is one."""
    return instr.op.walk(*(o.type for o in instr.operands))


def joins(instr: Instr) -> bool:
    """Can it join what comes before it?"""
    return len(instr.results) == 1 and (instr.op.elementwise or walk_of(instr) is not None)
