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
from .var import Array, Storage, Var

FREED = Storage()
FREED.version = -1


class Eager(Builder):
    """The builder that computes."""

    def emit(self, op: Op, operands: Sequence[Value], name: str = "") -> Var:
        types, arrays, tracked = [], [], False
        for operand in operands:
            types.append(operand.type)
            if operand.__class__ is Const:
                arrays.append(operand.array)
            else:
                arrays.append(read_array(operand))  # type: ignore[arg-type]
                tracked = tracked or operand.needs_grad  # type: ignore[attr-defined]
        try:
            (type,) = infer(op, tuple(types))
            result = modes.quiet.run(op.ref, *arrays)
        except (IRError, ValueError, ZeroDivisionError) as error:
            raise blame(error) from None
        if result.__class__ is not np.ndarray:
            result = np.asarray(result)
        var = Var(type, result, self.storage_of(op, operands, result, arrays), name)
        if tracked and modes.grad:
            record(var, op, operands)
        return var

    @staticmethod
    def storage_of(
        op: Op, operands: Sequence[Value], result: Array, arrays: list[Array]
    ) -> Storage:
        """A view shares its operand's storage; everything else has its own."""
        shared = op.view and (not result.size or np.may_share_memory(result, arrays[0]))
        if shared and isinstance(operands[0], Var):
            return operands[0].storage
        return Storage()


LEFT_OVER = (
    "this tensor was made while a program was being traced and has no values of its own; "
    "return it from the traced function instead of keeping it"
)


def read_array(var: Var) -> Array:
    """A Var's array, if it still holds what it held when the Var was made."""
    storage = var.storage
    if var.version != storage.version or (
        storage.watch is not None and var.version != storage.current()
    ):
        raise stale(var)
    if var.array is None:
        raise TraceError(LEFT_OVER)
    return var.array


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
    if not var.type.dtype.is_floating_point or not op.differentiable:
        return
    var.needs_grad = True
    var.op = op
    var.operands = tuple(operands)


EAGER = Eager()


def builder() -> Builder:
    """What ops go to right now: the trace being taken, or eager execution."""
    return modes.trace or EAGER


def emit(op: Op, *operands: Value) -> Var:
    """Do one op, wherever ops go right now."""
    return (modes.trace or EAGER).emit(op, operands)
