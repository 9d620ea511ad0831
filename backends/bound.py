"""A program and the state that it updates in place, for backends that have no way of their own to do that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..ir import Func
from .base import Array, Executable


class Bound(Protocol):
    """A program bound to the arrays that its last arguments are."""

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The results that are new; the others are in the state when it returns."""
        ...


def bind(executable: Executable, func: Func, state: Sequence[Array], threads: int | None) -> Bound:
    """An executable bound to its state, by itself if it knows how to; `threads` is for those that use several."""
    own: Callable[..., Any] | None = getattr(executable, "bind", None)
    return CopyingBack(executable, func, state) if own is None else own(state, threads)


class CopyingBack:
    """Runs the program as a function of all its arguments, then copies what it updates into the state."""

    def __init__(self, executable: Executable, func: Func, state: Sequence[Array]) -> None:
        self.executable = executable
        self.results = func.results
        self.state = list(state)
        self.places = dict(zip(func.args[len(func.args) - len(state) :], state, strict=True))

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        # Copied first: a result may be a piece of state itself, or a view of it.
        found = [np.array(a, order="C") for a in self.executable([*inputs, *self.state])]
        fresh = []
        for array, (_, into) in zip(found, self.results, strict=True):
            if into is None:
                fresh.append(array)
            else:
                np.copyto(self.places[into], array)
        return fresh
