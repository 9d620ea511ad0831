"""Words that compiled programs watch: while they stand still, nothing has changed that a program was traced with.

Each is an int64 in memory that stays where it is, so that native code compares it before every call. Whatever decides
about the structure of a program (not about the numbers in it) says `changed()` when it changes.
"""

from __future__ import annotations

import threading
from itertools import count
from threading import get_ident

import numpy as np


class Word:
    """An int64 at a fixed address."""

    __slots__ = ("_array", "address", "cell")
    cell: memoryview[int]

    def __init__(self, number: int = 0) -> None:
        self._array = np.full(1, number, np.int64)
        self.address: int = self._array.ctypes.data
        self.cell = memoryview(self._array)  # type: ignore[arg-type]


STRUCTURE = Word()
"""Another number after every change of structure."""
TRACING = Word()
"""How many traces are being taken."""
GRAD = Word(1)
"""Is gradient history recorded? -1 where threads may have different answers."""
ZERO, ONE = Word(0), Word(1)
"""What the others are compared with."""
MIXED = -1

_numbers = count(1).__next__
_lock = threading.Lock()
_recording: dict[int, bool] = {}
"""Threads that ever switched, and whether they record now."""
_grad = GRAD.cell


def changed() -> None:
    """Something that a program may have been traced with is different now."""
    STRUCTURE.cell[0] = _numbers()


def tracing(more: int) -> None:
    """A trace begins (1) or ends (-1)."""
    with _lock:
        TRACING.cell[0] += more


def recording(grad: bool) -> None:
    """The calling thread switched gradient history on or off. As a rule it is the only one that ever does."""
    thread = get_ident()
    with _lock:
        if thread not in _recording or len(_recording) > 1:
            _recording[thread] = grad
            GRAD.cell[0] = 1 if all(_recording.values()) else MIXED if len(_recording) > 1 else 0
        else:
            _recording[thread] = _grad[0] = grad
