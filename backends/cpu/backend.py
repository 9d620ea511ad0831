"""The CPU as a backend: programs come from the cache where they can, and are compiled where they must.

What is needed to load a program is imported with this room; the compiler only when there is something to compile.
"""

from __future__ import annotations

from ... import lazy
from ...ir import Func
from ...runtime import cache
from ...runtime.artifact import ArtifactError, from_bytes
from ...runtime.program import Program
from ...runtime.versions import compiler_version
from .target import host

_compiler = lazy.module(f"{__package__}.program")


class Cpu:
    """Compiles for this machine."""

    name = "cpu"

    def compile(self, func: Func) -> Program:
        """The program, ready to run."""
        return Program(_compiler.compiled(func).artifact)

    def stored(self, text: str) -> Program | None:
        """The program that was stored under a text, if it still is."""
        data = cache.get(_key(text))
        try:
            return Program(from_bytes(data)) if data else None
        except ArtifactError:
            return None

    def store(self, text: str, program: Program) -> None:
        """Keep a program, for this process and others."""
        cache.put(_key(text), program.artifact.to_bytes())


def _key(text: str) -> str:
    return cache.cache_key("program", text, repr(host()), compiler_version())
