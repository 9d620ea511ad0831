"""Algebra: replace an instruction by a simpler value that equals it.

What is simpler is said by each op (`Op.fold`); this pass only drives, to a fixed point. Constants are folded
through the op's own reference. The sign of a zero may change (`x + 0` becomes `x`), nothing else.
"""

from __future__ import annotations

import numpy as np

from ..func import Func
from ..op import Array
from ..values import Const, Instr, Value
from .dce import dce
from .rewriter import Rewriter

LIMIT = 50


def simplify(func: Func) -> Func:
    """Fold until nothing folds any more."""
    for _ in range(LIMIT):
        folded = dce(_sweep(func))
        if len(folded.body) == len(func.body) and str(folded) == str(func):
            return func
        func = folded
    return func


def _sweep(func: Func) -> Func:
    rewriter = Rewriter(func)
    for instr in func.body:
        simpler = _simpler(rewriter, instr)
        if simpler is None:
            rewriter.keep(instr)
        else:
            rewriter.became[instr.result] = simpler
            simpler.name = simpler.name or instr.result.name
    return rewriter.finish()


def _simpler(rewriter: Rewriter, instr: Instr) -> Value | None:
    operands = rewriter.operands(instr)
    if len(instr.results) != 1:
        return None
    if all(isinstance(o, Const) for o in operands) and operands and instr.result.type.rank == 0:
        return _folded(instr, [o.array for o in operands if isinstance(o, Const)])
    rewriter.builder.loc = instr.loc
    found = instr.op.fold(rewriter.builder, rewriter.producer, *operands)
    return found if found is not None and found.type is instr.result.type else None


def _folded(instr: Instr, arrays: list[Array]) -> Const | None:
    """The number that an instruction on numbers gives; None where it would raise when it runs."""
    try:
        with np.errstate(all="ignore"):
            return Const(instr.op.ref(*arrays).item(), instr.result.type.dtype)
    except (ArithmeticError, ValueError):
        return None
