"""Append the backward program: the gradient of the first result, a scalar, for every floating-point argument."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..autodiff import Step, backward
from ..builder import FuncBuilder
from ..errors import IRError
from ..func import Func
from ..values import Const, Result, Value


def grad(func: Func, wrt: Sequence[Value] | None = None) -> Func:
    """The Func that returns, after its own results, d(first result)/d(argument) for each argument in `wrt`."""
    if wrt is None:
        wrt = [a for a in func.args if a.type.dtype.is_floating_point]
    loss = _loss(func)
    builder = FuncBuilder(func.name, func.args)
    builder.body = list(func.body)
    reached = _reached(func, set(wrt))
    grads: dict[Value, Value] = {loss: Const(1.0, loss.type.dtype)}
    backward(builder, _steps(func, reached), grads, reached.__contains__)
    found = [grads.get(a) or builder.full(a.type, 0) for a in wrt]
    for arg, value in zip(wrt, found, strict=True):
        value.name = value.name or f"d_{arg.name}"
    return builder.finish([*func.results, *map(Result, found)])


def _loss(func: Func) -> Value:
    if not func.results:
        raise IRError(f"grad: {func.name} returns nothing to differentiate")
    loss = func.results[0].value
    if loss.type.shape != () or not loss.type.dtype.is_floating_point:
        raise IRError(
            f"grad: the first result of {func.name} must be a floating-point scalar, not {loss!r}"
        )
    return loss


def _reached(func: Func, values: set[Value]) -> set[Value]:
    """All values that depend on `values` and can carry a gradient."""
    reached = set(values)
    for instr in func.body:
        if any(o in reached for o in instr.operands):
            reached.update(
                r
                for r in instr.results
                if instr.op.differentiable and r.type.dtype.is_floating_point
            )
    return reached


def _steps(func: Func, reached: set[Value]) -> Iterator[Step]:
    for instr in reversed(func.body):
        if not any(r in reached for r in instr.results) or not instr.op.differentiable:
            continue
        if instr.op.body is not None:
            raise IRError(f"grad: {instr.op.name} is fused already; run grad before fuse")
        yield Step(instr.op, instr.operands, instr.result, loc=instr.loc)
