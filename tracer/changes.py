"""Words that compiled programs watch: while they stand still, nothing has changed that a program was traced with.

Each is an int64 in memory that stays where it is, so that native code compares it before every call. Whatever decides
about the structure of a program (not about the numbers in it) says `changed()` when it changes.
"""

from __future__ import annotations

import threading
from itertools import count

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
"""1 while all threads record gradient history, else 0."""
QUIET = Word(0)
"""The number of the thread that records none; 0 if there is none, -1 if there are several."""
ZERO, ONE = Word(0), Word(1)
"""What the others are compared with."""
SEVERAL = -1

_numbers = count(1).__next__
# Of the kind that its holder may take again: a signal handler may switch, too.
_lock = threading.RLock()
_quiet: set[int] = set()
"""The threads that record no gradient history."""


def changed() -> None:
    """Something that a program may have been traced with is different now."""
    STRUCTURE.cell[0] = _numbers()


def tracing(more: int) -> None:
    """A trace begins (1) or ends (-1)."""
    with _lock:
        TRACING.cell[0] += more


def recording(thread: int, grad: bool) -> None:
    """A thread switched gradient history on or off. All begin with it on."""
    with _lock:
        (_quiet.discard if grad else _quiet.add)(thread)
        QUIET.cell[0] = SEVERAL if len(_quiet) > 1 else next(iter(_quiet), 0)
        GRAD.cell[0] = 0 if _quiet else 1
