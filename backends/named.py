"""Backends by name. A compiler is large, so it is imported when it is first asked for."""

from __future__ import annotations

from .. import lazy
from .base import BACKENDS, Backend

_cpu = lazy.module(f"{__package__}.cpu.backend")
LATER = {"cpu": lambda: _cpu.Cpu()}
_made: dict[str, Backend] = {}


def backend(name: str) -> Backend:
    """The backend of that name."""
    if name in BACKENDS:
        return BACKENDS[name]
    if name not in LATER:
        raise ValueError(f"unknown backend {name!r}; there are {', '.join(names())}")
    if name not in _made:
        _made[name] = LATER[name]()
    return _made[name]


def names() -> list[str]:
    """The backends there are, imported or not."""
    return sorted({*BACKENDS, *LATER})
