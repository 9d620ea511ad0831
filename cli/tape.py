"""Reading `.tape` files: a mistake is told with the file's name, its line and its column."""

from __future__ import annotations

import sys
from pathlib import Path

from ..ir import Func, IRError
from ..ir.text.parser import read as parsed

STANDARD_INPUT = "-"
MARK = "\ufeff"
"""What some editors begin a file with."""


def read(file: str) -> Func:
    """The verified Func of a file, or of standard input."""
    if file.endswith(".py"):
        raise IRError(
            f"{file} is Python, and what is wanted is IR text: `tapeout inspect {file}:NAME --stage trace > NAME.tape` "
            "writes that of a compiled function"
        )
    try:
        return parsed(_text(file))
    except IRError as error:
        raise IRError(f"{file}: {error}") from None


def _text(file: str) -> str:
    if file == STANDARD_INPUT:
        return sys.stdin.read().removeprefix(MARK)
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise IRError(f"no IR text: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise IRError(
            f"{error.strerror}; what is wanted is a .tape file, or {STANDARD_INPUT}"
        ) from None
