"""Eager execution: ops computed at once by their reference, with the history that gradients need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir.builder import Builder
from ..ir.errors import IRError
from ..ir.op import Op, infer
from ..ir.values import Const, Value
from .errors import StaleError, TraceError
from .labels import node_name
from .location import blame
from .modes import modes
from .var import Storage, Var

FREED = Storage()
FREED.version = -1


class Eager(Builder):
    """The builder that computes."""

    def emit(self, op: Op, operands: Sequence[Value], name: str = "") -> Var:
        try:
            (type,) = infer(op, tuple([o.type for o in operands]))
            arrays = [o.array if isinstance(o, Const) else read_array(o) for o in operands]
            with np.errstate(all="ignore"):
                result = np.asarray(op.ref(*arrays))
        except (IRError, ValueError, ZeroDivisionError) as error:
            raise blame(error) from None
        storage = Storage()
        if op.view and isinstance(operands[0], Var) and np.may_share_memory(result, arrays[0]):
            storage = operands[0].storage
        var = Var(type, result, storage, name)
        record(var, op, operands)
        return var


def read_array(value: Value) -> np.ndarray:  # type: ignore[type-arg]
    """A Var's array, if it still holds what it held when the Var was made."""
    assert isinstance(value, Var)
    if value.version != value.storage.version:
        raise stale(value)
    if value.array is None:
        raise TraceError(
            "this tensor was made while a program was being traced and has no values of its own; "
            "return it from the traced function instead of keeping it"
        )
    return value.array


def stale(value: Var) -> StaleError:
    if value.storage is FREED:
        return StaleError(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Specify retain_graph=True when calling .backward() or grad() the first time"
        )
    return StaleError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{value.type}], which is output 0 of {node_name(value)}, is at version {value.storage.version}; "
        f"expected version {value.version} instead"
    )


def record(var: Var, op: Op, operands: Sequence[Value]) -> None:
    """Hang the instruction off its result, if a gradient may flow through it."""
    if not modes.grad or not var.type.dtype.is_floating_point or not op.differentiable:
        return
    for operand in operands:
        if not isinstance(operand, Const) and operand.needs_grad:  # type: ignore[attr-defined]
            var.needs_grad = True
            var.op = op
            var.operands = tuple(operands)
            return


EAGER = Eager()


def builder() -> Builder:
    """What ops go to right now: the trace being taken, or eager execution."""
    return modes.trace or EAGER


def emit(op: Op, *operands: Value) -> Var:
    """Do one op, wherever ops go right now."""
    return (modes.trace or EAGER).emit(op, operands)
