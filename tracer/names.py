"""Names for the state that a traced function reaches, found before it runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from .reading import root_of
from .tensor import Tensor


def names_in_reach(fn: Any) -> Iterator[tuple[str, Tensor]]:
    """Names for the state that a function reaches: of modules first, then of optimizers, which refer to them."""
    found = things_in_reach(fn)
    stated = [(n, list(v.named_state())) for n, v in found if not hasattr(v, "param_groups")]
    owners = [(n, state) for n, state in stated if state]
    for name, state in owners:
        prefix = f"{name}." if len(owners) > 1 or state[0][0][0].isdigit() else ""
        yield from ((prefix + n, t) for n, t in state)
    tensors = [(n, v) for n, v in _variables(fn) if isinstance(v, Tensor)]
    yield from ((n, v) for n, v in tensors if v._base is None)
    yield from ((n, root_of(v)) for n, v in tensors if v._base is not None)


def things_in_reach(fn: Any) -> list[tuple[str, Any]]:
    """The modules and optimizers that a function's own names stand for."""
    return [(n, v) for n, v in _variables(fn) if hasattr(v, "named_state")]


def _variables(fn: Any) -> Iterator[tuple[str, Any]]:
    """What the function's own names stand for: its closure, the globals it mentions, the object it is a method of."""
    owner = getattr(fn, "__self__", fn if hasattr(fn, "forward") else None)
    if owner is not None:
        yield type(owner).__name__.lower(), owner
    function = inspect.unwrap(getattr(fn, "__func__", fn))
    if inspect.isfunction(function):
        reach = inspect.getclosurevars(function)
        yield from reach.nonlocals.items()
        yield from reach.globals.items()
