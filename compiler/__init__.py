"""`tapeout.compile`: a function, traced and compiled when it is first called. Its rooms: docs/compile.md."""

from __future__ import annotations

from .function import compile as compile
