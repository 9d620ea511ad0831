"""What a backend is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

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


@runtime_checkable
class Storing(Protocol):
    """A backend whose programs outlive the process: they are kept under the text of what they were made from."""

    def stored(self, text: str) -> Executable | None:
        """The program that was stored under a text, if it still is."""
        ...

    def store(self, text: str, program: Any) -> None:
        """Keep a program that this backend compiled."""
        ...


BACKENDS: dict[str, Backend] = {}


def register(backend: Backend) -> Backend:
    """Make a backend known by its name."""
    BACKENDS[backend.name] = backend
    return backend
