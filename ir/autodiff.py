"""Reverse-mode differentiation over a list of steps: one walk that serves the eager tape and the `grad` pass alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from .builder import Builder
from .op import Op
from .values import Loc, Value


class Step(NamedTuple):
    """`result = op(operands)`, wherever it was recorded."""

    op: Op
    operands: tuple[Value, ...]
    result: Value
    seen: Value | None = None
    """What the gradient rule sees as the result, if it is not the result itself."""
    loc: Loc | None = None
    """The user's line, if it is known."""


def backward(
    b: Builder,
    steps: Iterable[Step],
    grads: dict[Value, Value],
    wanted: Callable[[Value], bool],
) -> None:
    """Carry `grads` from results to operands, through steps given last first, for every value that is `wanted`.

    On return `grads` also holds the gradient of each wanted value that was reached.
    """
    try:
        for step in steps:
            if step.result in grads:
                _through(b, step, grads, wanted)
    finally:
        _note_origin(b, None)


def _through(
    b: Builder, step: Step, grads: dict[Value, Value], wanted: Callable[[Value], bool]
) -> None:
    """Carry the gradient from a step's result to its operands."""
    _note_origin(b, step.loc)
    g = grads[step.result]
    thunks = step.op.vjp(b, g, step.seen or step.result, *step.operands)
    for operand, thunk in zip(step.operands, thunks, strict=False):
        if thunk is not None and wanted(operand):
            share = b.sum_to(thunk(), operand.type.shape)
            grads[operand] = b.add(grads[operand], share) if operand in grads else share


def _note_origin(b: Builder, loc: Loc | None) -> None:
    """Mark what is emitted from now on. A builder that computes at once knows no lines, and is left alone."""
    if b.origin is not loc:
        b.origin = loc
