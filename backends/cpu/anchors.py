"""Fused instructions taken apart where no kernel does them whole: the anchor by itself, the elementwise rest as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...ir import Const, Func, Fused, Instr, Result, Value


def apart(func: Func) -> Func:
    """The Func with every body elementwise throughout."""
    body = [step for instr in func.body for step in _steps(instr)]
    return replace(func, body=tuple(body), _cache={})


def _steps(instr: Instr) -> Iterator[Instr]:
    inner = instr.op.body
    if inner is None or all(i.op.elementwise for i in inner.body):
        yield instr
        return
    became = dict(zip(inner.args, instr.operands, strict=True))
    rest: list[Instr] = []
    for step in inner.body:
        if step.op.elementwise:
            rest.append(step)
        else:
            became.update({r: Value(r.type, r.name) for r in step.results})
            operands = tuple(became.get(o, o) for o in step.operands)
            yield replace(step, operands=operands, results=tuple(became[r] for r in step.results))
    yield _joined(instr, inner, rest, became)


def _joined(instr: Instr, inner: Func, rest: list[Instr], became: dict[Value, Value]) -> Instr:
    """The elementwise rest, as a fused instruction of what it reads."""
    made = {r for i in rest for r in i.results}
    read = dict.fromkeys(
        o for i in rest for o in i.operands if o not in made and not isinstance(o, Const)
    )
    body = Func(inner.name, tuple(read), tuple(rest), tuple(Result(r.value) for r in inner.results))
    return replace(instr, op=Fused(body), operands=tuple(became[v] for v in read))
