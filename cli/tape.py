"""Reading `.tape` files: a mistake is told with the file's name, its line and its column."""

from __future__ import annotations

import sys
from pathlib import Path

from ..ir import Func, IRError, parse, verify

STANDARD_INPUT = "-"


def read(file: str) -> Func:
    """The verified Func of a file, or of standard input."""
    try:
        return verify(parse(_text(file)))
    except IRError as error:
        raise IRError(f"{file}: {error}") from None


def _text(file: str) -> str:
    if file == STANDARD_INPUT:
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise IRError(f"no IR text: byte {error.start} is not UTF-8") from None
