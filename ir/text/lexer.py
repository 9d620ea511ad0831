"""Text -> tokens, each with its place, and errors that point at one."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import ParseError

TOKEN = re.compile(
    r"""\s+ | //[^\n]* | (?<=\]\ )@[\w.%+]+(?:\[[-\d,]*\])?  # a comment; where a value lives: for the reader
    | (?P<value>%[\w.]+)
    | (?P<number>-?(?:inf|nan|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.]))
    | (?P<word>[A-Za-z_]\w*)
    | (?P<string>"[^"\n]*")
    | (?P<mark>[(){}\[\],:=])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens of a text, ending with one of kind "end"."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise error(text, at, f"unexpected character {text[at]!r}")
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "end of text", at)]


def error(text: str, at: int, message: str) -> ParseError:
    """An error that shows the line and a caret under the place."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].split("\n", 1)[0]
    number, column = text.count("\n", 0, at) + 1, at - start
    pad = re.sub(r"[^\t]", " ", line[:column])
    return ParseError(f"line {number}, column {column + 1}: {message}\n  {line}\n  {pad}^")
