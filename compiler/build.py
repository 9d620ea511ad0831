"""From a traced program to one that runs. The same program, by its text and backend, is made once."""

from __future__ import annotations

import threading
from typing import NamedTuple
from weakref import WeakValueDictionary

from .. import lazy
from ..backends.base import Backend, Executable, Storing
from ..backends.named import backend
from ..ir.func import Func


class Options(NamedTuple):
    """What `compile` is given besides the function."""

    backend: str
    threads: int | None
    grads: bool | None


_passes = lazy.module(f"{__package__}.passes")
_repro = lazy.module("tapeout.inspection.repro")
_made: WeakValueDictionary[tuple[str, str], Executable] = WeakValueDictionary()
_lock = threading.Lock()


def executable(func: Func, target: str) -> Executable:
    """The compiled program. Two of the same text are one, for as long as somebody holds it."""
    key = (target, str(func))
    with _lock:
        made = _made.get(key)
        if made is None:
            made = _made[key] = _built(func, target, key[1])
    return made


def _built(func: Func, target: str, text: str) -> Executable:
    """The program from where the backend stores what it compiled, or compiled and stored there."""
    chosen = backend(target)
    if not isinstance(chosen, Storing):
        return _compiled(func, chosen)
    made = chosen.stored(text)
    if made is None:
        made = _compiled(func, chosen)
        chosen.store(text, made)
    return made


def _compiled(func: Func, chosen: Backend) -> Executable:
    """What the compiler makes of it. If that fails, what led to it is saved, and the error tells where."""
    try:
        return chosen.compile(_passes.optimised(func))
    except Exception as error:
        _repro.save(error, func, _passes.passes())
        raise
