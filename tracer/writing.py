"""Writing to a tensor in place: a fresh value takes the old one's place, and its memory when there is any.

Writing through a view rewrites its root, by each view op's `write_back`, last to first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..ir.errors import IRError
from ..ir.op import Op
from ..ir.ops.shaping import Detach, Expand
from ..ir.values import Value
from .changes import changed
from .eager import builder, emit
from .labels import node_name
from .location import blame
from .modes import modes
from .reading import along, anchor, is_alias, read
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
    if modes.grad:
        _check_leaf(tensor)
    chain = list(_upwards(tensor, new))
    if old.array is not None:
        _overwrite(old, new)
    for place, value in reversed(chain):
        _store(place, value)
    return tensor


def _check_leaf(tensor: Tensor) -> None:
    for place in (tensor, anchor(tensor)):
        var = read(place)
        if var.needs_grad and var.op is None:
            kind = "a leaf Variable" if place is tensor else "a view of a leaf Variable"
            raise blame(
                RuntimeError(
                    f"{kind} that requires grad is being used in an in-place operation; "
                    "do it under no_grad(), or on a clone()"
                )
            )


def _upwards(tensor: Tensor, new: Var) -> Iterator[tuple[Tensor, Var]]:
    """What a write makes of a tensor, and of each tensor that it is a view of."""
    _inherit(read(tensor), new)
    yield tensor, new
    base = tensor._base
    if base is None:
        return
    root = read(base)
    saved = modes.grad
    modes.grad = saved and not is_alias(tensor)
    try:
        traced = root.array is None
        if traced or (modes.grad and (root.needs_grad or new.needs_grad)):
            updated = _rooted(root, tensor._path, new)
        else:
            updated = rewritten(root)
        yield from _upwards(base, updated)
    finally:
        modes.grad = saved


def _store(tensor: Tensor, value: Var) -> None:
    """Give a tensor its value. A plain view needs none: it replays its way from the base."""
    old = read(tensor) if tensor._base is None else tensor._view[1]
    if old.array is not None:
        value.array, value.storage, value.version = old.array, old.storage, old.storage.version
    if tensor._base is not None:
        if is_alias(tensor):
            tensor._view = (read(tensor._base), value)
    elif old.array is not None:
        if value.needs_grad and not old.needs_grad:
            changed()
        tensor._var = value
    else:
        assert modes.trace is not None
        modes.trace.write(tensor, value)


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


class Kept(Expand):
    """The history of a computed value that was overwritten without recording."""


def _inherit(old: Var, new: Var) -> None:
    """Written without recording: a leaf stays a leaf, and a computed value keeps its history."""
    if modes.grad or not old.needs_grad:
        return
    new.needs_grad, new.leaf, new.label = True, old.leaf, node_name(old)
    if isinstance(old.op, Kept):
        new.op, new.operands = old.op, old.operands
    elif old.op is not None:
        new.op, new.operands = Kept(old.type.shape), (old,)


def _rooted(root: Var, path: tuple[Op, ...], new: Var) -> Var:
    """The root after `new` was written through the view that `path` leads to."""
    values = along(root, path)
    value: Value = new
    for op, base in zip(reversed(path), reversed(values[:-1]), strict=True):
        value = op.write_back(builder(), base, value)
    assert isinstance(value, Var)
    return value


def forget(tensor: Tensor) -> Tensor:
    """Drop a tensor's history; its memory, and what else sees it, stay."""
    if tensor._base is not None and not is_alias(tensor):
        raise blame(RuntimeError("Can't detach views in-place. Use detach() instead."))
    _store(tensor, emit(Detach(), read(tensor)))
    return tensor


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
    changed()
