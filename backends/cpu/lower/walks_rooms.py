"""What a body keeps of each element between its passes: what takes long to compute and is wanted again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ....ir import Instr, Value
from ....ir.dtypes import DType, float32, float64
from ....ir.ops.elementwise import Elementwise
from ..rows import Geometry
from ..vector import math
from .walks import WALKERS
from .walks_plan import Plan, Source

LARGEST = 1 << 18
"""Elements of a panel: more would not stay near the core."""


def rooms(plan: Plan, way: Geometry) -> dict[Instr, DType]:
    """The instructions that compute it, and as what it is kept. Short walks are in registers throughout."""
    if way.is_short or way.panel_elements > LARGEST:
        return {}
    wanted = _Wanted(plan)
    return {
        i: float64 if i.result.type.dtype is float64 else float32
        for i in plan.body.body
        if (WALKERS[type(i.op)].keeps if type(i.op) in WALKERS else wanted.again(i))
    }


@cache
def is_costly(expression: str) -> bool:
    """Does a scalar expression use one of the functions that are made of many instructions?"""
    return any(hasattr(math, name) for name in re.findall(r"(\w+)\(", expression))


class _Wanted:
    """In which passes each value is wanted. A walker begins when its operands are known, as in `walks_scene`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.passes: dict[Instr, set[int]] = {i: set() for i in plan.body.body}
        self.known: dict[Value, int] = {}
        last = 0
        for instr in plan.body.body:
            start = max(map(self._known, plan.sources[instr]), default=0)
            rule = WALKERS.get(type(instr.op))
            end = start + rule.passes if rule else start
            self.known[instr.result] = end
            last = max(last, end)
        for instr in plan.walkers:
            end = self.known[instr.result]
            self._want(plan.sources[instr], set(range(end - WALKERS[type(instr.op)].passes, end)))
        self._want([out.source for out in plan.outputs if out.full], {last})

    def again(self, instr: Instr) -> bool:
        """Is an instruction's result for each element costly, and wanted in several passes?"""
        full = self.plan.is_full(instr.result) and instr.result.type.dtype.is_floating_point
        costly = isinstance(instr.op, Elementwise) and is_costly(instr.op.expression())
        return full and costly and len(self.passes[instr]) > 1

    def _known(self, source: Source) -> int:
        return self.known[source] if isinstance(source, Value) and source in self.known else 0

    def _want(self, sources: Sequence[Source], passes: set[int]) -> None:
        """What these need for each element is wanted in some passes."""
        for source in sources:
            if not isinstance(source, Value) or source not in self.plan.makers:
                continue
            maker = self.plan.makers[source]
            if self.plan.is_full(source) and not passes <= self.passes[maker]:
                self.passes[maker] |= passes
                self._want(self.plan.sources[maker], passes)
