"""Colour for a terminal, and none for a pipe: NO_COLOR turns it off, FORCE_COLOR on."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import TextIO

from ..ir.text.kinds import PATTERN

RED, GREEN, YELLOW, BLUE, PURPLE, CYAN, GREY, BOLD = 31, 32, 33, 34, 35, 36, 90, 1
Paint = Callable[[str], str]

COLOURS = {
    "comment": GREY, "place": GREY, "value": CYAN, "type": GREEN, "keyword": PURPLE, "op": YELLOW, "number": BLUE
}  # fmt: skip


def is_wanted(stream: TextIO) -> bool:
    """Does whoever reads a stream see colours?"""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(text: str, paint: Paint, stream: TextIO | None = None) -> None:
    """Write a text, painted where that is seen."""
    stream = stream or sys.stdout
    if stream is None:
        raise OSError("standard output is closed, so there is nowhere to print to")
    stream.write(paint(text) if is_wanted(stream) else text)


def plain(text: str) -> str:
    return text


def ir(text: str) -> str:
    """IR text."""
    return PATTERN.sub(lambda m: _in(COLOURS[str(m.lastgroup)], m.group()), text)


def code(text: str) -> str:
    """Source or assembly: the comments that say what it computes."""
    return re.sub(r"^[#;] .*$", lambda m: _in(GREY, m.group()), text, flags=re.MULTILINE)


def page(text: str) -> str:
    """A page of sections: their headings."""
    return re.sub(r"^\S.*$", lambda m: _in(BOLD, m.group()), text, flags=re.MULTILINE)


def diff(text: str) -> str:
    """What went, what came, and where."""
    marks = {"-": RED, "+": GREEN, "@": CYAN}
    return re.sub(r"^([-+@]).*$", lambda m: _in(marks[m[1]], m.group()), text, flags=re.MULTILINE)


def _in(colour: int, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"
