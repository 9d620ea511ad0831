"""Reading a tensor: the value it has now. A view whose root was rewritten replays the ops that lead to it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from ..ir.op import Op
from .eager import LEFT_OVER, emit
from .errors import TraceError
from .location import blame, not_a_tensor
from .modes import modes
from .var import Array, Var, rewritten

if TYPE_CHECKING:
    from .tensor import Tensor


def read(tensor: Tensor) -> Var:
    """The value that a tensor has now."""
    try:
        base = tensor._base
    except AttributeError:
        raise not_a_tensor(tensor) from None
    if base is None:
        if modes.trace is not None:
            return modes.trace.read(tensor)
        var = tensor._var
        return var if var.storage.watch is None else _renewed(tensor, var)
    root = read(base)
    seen, var = tensor._view
    if seen is not root:
        var = _replay(root, tensor)
        if tensor._wants_grad:
            var.needs_grad, var.leaf = True, weakref.ref(tensor)
        tensor._view = (root, var)
    return var


def _renewed(tensor: Tensor, var: Var) -> Var:
    """The value of a tensor that compiled programs write to. It is another one after each run, as after any write."""
    storage = var.storage
    assert storage.watch is not None
    if var.version == storage.current() or var.version >= storage.watch.last or var.op is not None:
        return var
    new = rewritten(var)
    new.needs_grad, new.leaf, new.label = var.needs_grad, var.leaf, var.label
    tensor._var = new
    return new


def _replay(root: Var, tensor: Tensor) -> Var:
    saved, modes.grad = modes.grad, tensor._tracked
    try:
        return along(root, tensor._path)[-1]
    finally:
        modes.grad = saved


def along(root: Var, path: tuple[Op, ...]) -> list[Var]:
    """The root, and the value after each view op."""
    values = [root]
    for op in path:
        values.append(emit(op, values[-1]))
    return values


def is_alias(tensor: Tensor) -> bool:
    """Is it the result of a detach: the same memory as another tensor, but a history of its own?"""
    return tensor._base is not None and not tensor._path[-1].differentiable


def root_of(tensor: Tensor) -> Tensor:
    """The tensor at the bottom of a view, and of what that is a view of; any other tensor itself."""
    while tensor._base is not None:
        tensor = tensor._base
    return tensor


def anchor(tensor: Tensor) -> Tensor:
    """The tensor that views of this one are views of."""
    return tensor if tensor._base is None or is_alias(tensor) else tensor._base


def array_of(tensor: Tensor, what: str) -> Array:
    """A tensor's values, for something that leaves the program (`what`); a trace has none."""
    var = read(tensor)
    if var.array is None and modes.trace is None:
        raise blame(TraceError(LEFT_OVER))
    if var.array is None:
        raise blame(
            TraceError(
                f"{what} needs the values of a tensor {var.type}, but the program is being traced and values exist "
                "only when it runs. Move this out of the traced function (return the tensor instead), or use tensor "
                "operations such as where() for a choice that depends on values"
            )
        )
    return var.array
