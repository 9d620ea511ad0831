"""How long each value is needed, and which values a program may put in the place of its arguments.

A view is its operand seen otherwise, so whoever reads the view reads the operand.
"""

from __future__ import annotations

from ...ir import Func, Instr, Value
from ...ir.passes.grouping import walk_of
from .groups import walk_along
from .layout import may_view


class Liveness:
    """For one Func, in the order in which its instructions run."""

    def __init__(self, func: Func) -> None:
        self.roots: dict[Value, Value] = {}
        self.ends: dict[Value, int] = {}
        """The place of the last instruction that reads a value; beyond all of them if it is returned."""
        for place, instr in enumerate(func.body):
            if may_view(instr.op):
                self.roots[instr.result] = self.root(instr.operands[0])
            for operand in instr.operands:
                self.ends[self.root(operand)] = place
        for result in func.results:
            self.ends[self.root(result.value)] = len(func.body)

    def root(self, value: Value) -> Value:
        """The value whose memory a view may be."""
        return self.roots.get(value, value)

    def end(self, value: Value) -> int:
        """Where a value is read for the last time; -1 if it never is."""
        return self.ends.get(self.root(value), -1)


def replacements(func: Func) -> dict[Value, Value]:
    """The argument that each returned value replaces; of two that a value replaces, the first."""
    found: dict[Value, Value] = {}
    for value, into in func.results:
        if into is not None:
            found.setdefault(value, into)
    return found


def reads_in_step(instr: Instr, operand: Value) -> bool:
    """Does an instruction need of an operand, for a result of the same shape, only the element at the same place?

    A kernel that walks writes its results when it has read all that it needs of a walk; so what is read at the walk's
    own places is in step, too.
    """
    body = instr.op.body
    walk = walk_along(instr)
    if body is None:
        return instr.op.elementwise or walk is not None
    inner = [a for a, o in zip(body.args, instr.operands, strict=True) if o is operand]
    readers = [i for i in body.body if any(a in i.operands for a in inner)]
    if walk is None:
        return all(i.op.elementwise for i in readers)
    return walk.covers(operand.type.shape) and all(
        walk_of(i) is not None or walk.spreads(operand.type.shape, i.result.type.shape)
        for i in readers
    )
