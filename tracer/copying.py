"""Copies of a tensor, with and without gradient history."""

from __future__ import annotations

from ..ir.ops import shaping as sh
from .eager import emit
from .reading import read
from .tensor import Tensor, view, wrap
from .var import Var


def clone(input: Tensor) -> Tensor:
    """A copy that gradients flow through."""
    value = read(input)
    made = emit(sh.Expand(value.type.shape), value)
    made.label = "CloneBackward0"
    if made.array is not None:
        made = _copied(made)
    return wrap(made)


def _copied(var: Var) -> Var:
    """The same value in memory of its own."""
    assert var.array is not None
    own = Var(var.type, var.array.copy(), type(var.storage)())
    own.op, own.operands, own.needs_grad, own.label = (
        var.op,
        var.operands,
        var.needs_grad,
        var.label,
    )
    return own


def detach(input: Tensor) -> Tensor:
    """The same memory without gradient history."""
    return view(input, sh.Detach())
