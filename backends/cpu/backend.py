"""The CPU as a backend."""

from __future__ import annotations

from ...ir import Func
from .program import Program


class Cpu:
    """Compiles for this machine."""

    name = "cpu"

    def compile(self, func: Func) -> Program:
        return Program(func)
