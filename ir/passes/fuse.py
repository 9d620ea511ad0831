"""Fusion: instructions that one kernel can do become one instruction with a body. What goes together: `grouping.py`.

A value that others read too is one more result of the instruction.
"""

from __future__ import annotations

from dataclasses import replace

from ..builder import FuncBuilder
from ..func import Func
from ..fused import Fused
from ..values import Const, Instr, Result, Value
from .grouping import Group, Grouping


def fuse(func: Func) -> Func:
    """Join what goes together; each group of two or more becomes a `Fused` instruction."""
    return _Fusion(func).run()


class _Fusion:
    """The Func being rebuilt. Views are put where they are first needed, those that only fused bodies read nowhere."""

    def __init__(self, func: Func) -> None:
        self.func = func
        self.grouping = Grouping(func)
        self.builder = FuncBuilder(func.name, func.args)
        self.placed: set[Instr] = set()

    def run(self) -> Func:
        for instr in self.func.body:
            if instr.op.in_order:
                continue
            group = self.grouping.of[instr]
            if instr is group[-1]:
                self._append(instr if len(group) == 1 else self._fused(group))
        for result in self.func.results:
            self._place(result.value)
        return self.builder.finish(self.func.results)

    def _append(self, instr: Instr) -> None:
        for operand in instr.operands:
            self._place(operand)
        self.builder.append(instr)

    def _place(self, value: Value) -> None:
        for view in self.grouping.through.path(value):
            if view not in self.placed:
                self.placed.add(view)
                self.builder.append(view)

    def _fused(self, group: Group) -> Instr:
        """One instruction that does what the group does."""
        through, inside = self.grouping.through, {r for i in group for r in i.results}
        steps: dict[Instr, None] = {}
        for instr in group:
            for operand in instr.operands:
                if through.root(operand) in inside:
                    steps.update(dict.fromkeys(through.path(operand)))
            steps[instr] = None
        made = {r for i in steps for r in i.results}
        outside = dict.fromkeys(
            o for i in steps for o in i.operands if o not in made and not isinstance(o, Const)
        )
        body, became = _copied(list(steps), list(outside))
        results = self.grouping.seen_outside(group)
        returned = tuple(Result(became[r]) for r in results)
        fused = Func(group_name(group), tuple(became[o] for o in outside), body, returned)
        return Instr(Fused(fused), tuple(outside), tuple(results), group[-1].loc)


def _copied(
    steps: list[Instr], outside: list[Value]
) -> tuple[tuple[Instr, ...], dict[Value, Value]]:
    """The instructions on values of their own, and what has become of the old ones."""
    became: dict[Value, Value] = {o: Value(o.type, o.name) for o in outside}
    body = []
    for i in steps:
        became.update({r: Value(r.type, r.name) for r in i.results})
        operands = tuple(became.get(o, o) for o in i.operands)
        body.append(replace(i, operands=operands, results=tuple(became[r] for r in i.results)))
    return tuple(body), became


def group_name(group: Group) -> str:
    """What the fused instruction of a group is called."""
    names = [i.op.name for i in group]
    return "_".join(names) if len(names) <= 3 else f"fused_{names[0]}_{names[-1]}"
