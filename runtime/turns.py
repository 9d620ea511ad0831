"""Turns: programs that share memory run one at a time, whichever way and by whichever thread they are called."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import NoReturn, TypeVar

import numpy as np

from . import pool
from .turn_ir import WORDS

T = TypeVar("T")

NESTED = (
    "a compiled function was called by something that interrupted a call of it, such as a signal handler or a "
    "__del__; the two would wait for each other. Make a note there, and call the function after the interrupted call"
)


class Turn:
    """What those who run a program take turns by. Compiled code knows it by its address."""

    def __init__(self) -> None:
        self._words = np.zeros(WORDS, np.int64)

    @property
    def address(self) -> int:
        return int(self._words.ctypes.data)

    @property
    def is_taken(self) -> bool:
        """Is anyone at it?"""
        return bool(self._words[0])

    def refuse(self) -> NoReturn:
        """For a call that interrupts its own thread's turn."""
        raise RuntimeError(NESTED)

    def refuse_nested(self) -> None:
        """Refuse, if it is this thread's turn already."""
        if int(self._words[1]) == get_ident():
            self.refuse()

    def spend(self, work: Callable[[], T]) -> T:
        """Do some work when one's turn comes. Python's lock is free for others meanwhile."""
        self.refuse_nested()
        address, (take, give) = self.address, pool.turn_functions()
        try:
            # In here, because an interrupt may come as soon as the turn is taken.
            take(address)
            return work()
        finally:
            # At once, and by no function of Python's, for the same reason.
            give(address)
