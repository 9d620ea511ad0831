"""16-bit floats where no kernel computes with them: the operands are widened to f32, the results narrowed again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...ir import Func, Instr, Value
from ...ir.dtypes import DType, float32
from ...ir.op import make
from .lower import is_wide

NARROW = ("f16", "bf16")


def widened(func: Func) -> Func:
    """The Func with casts around what is computed in f32."""
    body = [step for instr in func.body for step in _steps(instr)]
    return replace(func, body=tuple(body), _cache={})


def _steps(instr: Instr) -> Iterator[Instr]:
    if not is_wide(instr) or not any(map(_is_narrow, (*instr.operands, *instr.results))):
        yield instr
        return
    operands: list[Value] = []
    for operand in instr.operands:
        operands.append(_like(operand) if _is_narrow(operand) else operand)
        if operands[-1] is not operand:
            yield _cast(operand, operands[-1], float32, instr)
    results = tuple(_like(r) if _is_narrow(r) else r for r in instr.results)
    yield replace(instr, operands=tuple(operands), results=results)
    for wide, narrow in zip(results, instr.results, strict=True):
        if wide is not narrow:
            yield _cast(wide, narrow, narrow.type.dtype, instr)


def _is_narrow(value: Value) -> bool:
    return value.type.dtype.name in NARROW


def _like(value: Value) -> Value:
    return Value(value.type.with_dtype(float32), value.name)


def _cast(source: Value, result: Value, dtype: DType, instr: Instr) -> Instr:
    return Instr(make("cast", {"dtype": dtype}), (source,), (result,), instr.loc)
