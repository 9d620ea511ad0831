"""The user's source files beside the instructions: each line that an instruction came from, with what is around it."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from typing import Any

from ...ir import Loc

WHOLE = 1500
"""A file of at most so many lines is shown whole."""
AROUND = 40
"""Of a longer one, so many lines before and after each that is asked for."""


class Sources:
    """The files that instructions point into, numbered in the order of their first use."""

    def __init__(self) -> None:
        self.wanted: dict[str, set[int]] = {}

    def note(self, locs: Iterable[Loc]) -> None:
        """Remember that these lines are to be shown."""
        for loc in locs:
            self.wanted.setdefault(loc.file, set()).add(loc.line)

    def places(self, locs: Iterable[Loc]) -> list[list[int]]:
        """Each as the number of its file, and its line."""
        number = {file: k for k, file in enumerate(self.wanted)}
        return [[number[loc.file], loc.line] for loc in locs]

    def data(self) -> list[dict[str, Any]]:
        return [_file(path, lines) for path, lines in self.wanted.items()]


def _file(path: str, wanted: set[int]) -> dict[str, Any]:
    """A file's rows as [number, text]. One that cannot be read has no rows."""
    rows = [line.rstrip("\n") for line in linecache.getlines(path)]
    shown = _shown(len(rows), wanted)
    return {
        "path": path,
        "name": os.path.basename(path),
        "rows": [[n, rows[n - 1]] for n in shown],
    }


def _shown(count: int, wanted: set[int]) -> list[int]:
    if count <= WHOLE:
        return list(range(1, count + 1))
    near = {n for line in wanted for n in range(line - AROUND, line + AROUND + 1)}
    return sorted(n for n in near if 1 <= n <= count)
