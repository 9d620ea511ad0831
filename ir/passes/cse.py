"""Common subexpressions: compute each pure thing once."""

from __future__ import annotations

from collections.abc import Hashable

from ..func import Func
from ..values import Value
from .rewriter import Rewriter, computation_key


def cse(func: Func) -> Func:
    """Replace each repeated computation by the first one's results."""
    rewriter = Rewriter(func)
    first: dict[Hashable, tuple[Value, ...]] = {}
    for instr in func.body:
        key = computation_key(instr.op, rewriter.operands(instr))
        if instr.op.pure and key in first:
            rewriter.became.update(zip(instr.results, first[key], strict=True))
        else:
            first[key] = instr.results
            rewriter.keep(instr)
    return rewriter.finish()
