"""What a backend is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..ir import Func

Array = np.ndarray[Any, Any]


class Executable(Protocol):
    """A compiled program: arrays for the Func's arguments in, arrays for its results out."""

    def __call__(self, arrays: Sequence[Array]) -> list[Array]: ...


class Backend(Protocol):
    """A way to run programs."""

    name: str

    def compile(self, func: Func) -> Executable:
        """The program, ready to run."""
        ...


BACKENDS: dict[str, Backend] = {}


def register(backend: Backend) -> Backend:
    """Make a backend known by its name."""
    BACKENDS[backend.name] = backend
    return backend
