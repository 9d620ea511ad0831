"""Dead code: drop pure instructions whose results nobody reads."""

from __future__ import annotations

from dataclasses import replace

from ..func import Func
from ..values import Instr, Value


def dce(func: Func) -> Func:
    """Keep what the results need."""
    live: set[Value] = {r.value for r in func.results}
    kept: list[Instr] = []
    for instr in reversed(func.body):
        if not instr.op.pure or any(r in live for r in instr.results):
            kept.append(instr)
            live.update(instr.operands)
    return replace(func, body=tuple(reversed(kept)), _cache={})
