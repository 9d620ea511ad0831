"""Figures and tables as people read them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from ..ir.values import Loc

STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def amount(number: float, unit: str) -> str:
    """`31.5 MFLOP`, `68.4 kB`, `12 B`."""
    for size, prefix in STEPS:
        if number >= size:
            return f"{number / size:.1f} {prefix}{unit}"
    return f"{number:.0f} {unit}"


def counted(number: int, noun: str) -> str:
    """`1 kernel`, `20 kernels`."""
    return f"{number} {noun}{'s' * (number != 1)}"


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Rows as lines with straight columns; those in `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            f"{cell:>{width}}" if n in right else f"{cell:<{width}}"
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def line(loc: Loc | None) -> str:
    """`model.py:12`, by the way from the working folder where that is shorter; nothing for no line."""
    if loc is None:
        return ""
    path = os.path.relpath(loc.file) if os.path.isabs(loc.file) else loc.file
    return f"{min(path, loc.file, key=len)}:{loc.line}"
