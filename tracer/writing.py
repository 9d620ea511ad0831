"""Writing to a tensor in place: a fresh value takes the old one's place, and its memory when there is any.

Writing through a view rewrites its root, by each view op's `write_back`, last to first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..ir.errors import IRError
from ..ir.op import Op
from ..ir.ops.shaping import Detach, Expand
from ..ir.values import Value
from .eager import builder, emit
from .location import blame
from .modes import modes
from .reading import along, read, root_of
from .var import Storage, Var, rewritten

if TYPE_CHECKING:
    from .tensor import Tensor


def write(tensor: Tensor, new: Var) -> Tensor:
    """Replace a tensor's value in place by a fresh Var of the same type."""
    old = read(tensor)
    if new.type is not old.type:
        raise blame(
            IRError(
                f"an in-place operation cannot turn {old.type} into {new.type}: shape and dtype must stay"
            )
        )
    through = tensor._base is not None and any(not op.differentiable for op in tensor._path)
    if modes.grad and not through:
        _check_leaf(tensor)
    if tensor._base is None:
        _set_root(tensor, new)
    else:
        _write_view(tensor, old, new, through)
    return tensor


def _check_leaf(tensor: Tensor) -> None:
    root = read(root_of(tensor))
    if root.needs_grad and root.op is None:
        kind = "a leaf Variable" if tensor._base is None else "a view of a leaf Variable"
        raise blame(
            RuntimeError(
                f"{kind} that requires grad is being used in an in-place operation; "
                "do it under no_grad(), or on a clone()"
            )
        )


def _set_root(tensor: Tensor, new: Var) -> None:
    old = read(tensor)
    _inherit(old, new)
    if old.array is not None:
        _overwrite(old, new)
        tensor._var = new
    else:
        assert modes.trace is not None
        modes.trace.write(tensor, new)


def _overwrite(old: Var, new: Var) -> None:
    """Put a new value into an old one's memory."""
    assert old.array is not None
    assert new.array is not None
    if not old.array.flags.writeable:
        raise blame(
            RuntimeError(
                "unsupported operation: the memory behind this tensor is read-only, or more than one of its elements "
                "refers to a single memory location; clone() the tensor before writing to it"
            )
        )
    np.copyto(old.array, new.array)
    old.storage.version += 1
    new.array, new.storage, new.version = old.array, old.storage, old.storage.version


def _inherit(old: Var, new: Var) -> None:
    """Written without recording: a leaf stays a leaf, and a computed value keeps its history."""
    if modes.grad or not old.needs_grad:
        return
    new.needs_grad, new.leaf = True, old.leaf
    if old.op is not None:
        new.op, new.operands = Expand(old.type.shape), (old,)


def _write_view(tensor: Tensor, old: Var, new: Var, through: bool) -> None:
    base = tensor._base
    assert base is not None
    root = read(base)
    saved, modes.grad = modes.grad, modes.grad and not through
    try:
        if root.array is None or (modes.grad and (root.needs_grad or new.needs_grad)):
            updated = _rooted(root, tensor._path, new)
        else:
            updated = rewritten(root)
        _inherit(root, updated)
        if root.array is not None:
            _overwrite(old, new)
            updated.array, updated.storage = root.array, root.storage
            updated.version = root.storage.version
            base._var = updated
        else:
            assert modes.trace is not None
            modes.trace.write(base, updated)
    finally:
        modes.grad = saved


def _rooted(root: Var, path: tuple[Op, ...], new: Var) -> Var:
    """The root after `new` was written through the view that `path` leads to."""
    values = along(root, path)
    value: Value = new
    for op, base in zip(reversed(path), reversed(values[:-1]), strict=True):
        value = op.write_back(builder(), base, value)
    assert isinstance(value, Var)
    return value


def replace_memory(tensor: Tensor, value: Tensor) -> None:
    """`tensor.data = value`: other memory, the same handle."""
    source = read(value)
    if modes.trace is not None or tensor._base is not None:
        saved, modes.grad = modes.grad, False
        try:
            write(tensor, emit(Detach(), source))
        finally:
            modes.grad = saved
        return
    new = Var(source.type, source.array, Storage())
    new.needs_grad, new.leaf = tensor._var.needs_grad, tensor._var.leaf
    tensor._var = new
