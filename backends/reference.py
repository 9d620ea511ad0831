"""The interpreter as a backend: slow, simple, and what all others are held against."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Func, run, verify
from .base import Array, Executable


class Reference:
    """Runs each op's own reference."""

    name = "reference"

    def compile(self, func: Func) -> Executable:
        verify(func)

        def execute(arrays: Sequence[Array]) -> list[Array]:
            return run(func, *arrays)

        return execute
