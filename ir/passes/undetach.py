"""Drop `detach`, which means nothing once no more gradients will be taken."""

from __future__ import annotations

from ..func import Func
from ..ops.shaping import Detach
from .rewriter import Rewriter


def undetach(func: Func) -> Func:
    """Read through every `detach`. Run it after `grad`, never before."""
    rewriter = Rewriter(func)
    for instr in func.body:
        if isinstance(instr.op, Detach):
            rewriter.became[instr.result] = rewriter.current(instr.operands[0])
        else:
            rewriter.keep(instr)
    return rewriter.finish()
