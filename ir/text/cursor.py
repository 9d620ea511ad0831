"""A place in the tokens of a text: looking at the next one, taking it, refusing it with a caret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from .lexer import Token, error, tokens

DEEPEST = 50
Item = TypeVar("Item")


class Cursor:
    """What a parser of this text reads by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def fail(self, message: str, token: Token | None = None) -> Exception:
        return error(self.text, (token or self.token).at, message)

    def sees(self, text: str) -> bool:
        return self.token.text == text and self.token.kind != "string"

    def take(self, *kinds: str) -> Token:
        """The next token, which must be of one of these kinds."""
        return self.next(self.token.kind in kinds, " or ".join(kinds))

    def expect(self, *texts: str) -> Token:
        """The next token, which must be one of these marks or words."""
        listed = " or ".join(t if t.isalpha() else f"'{t}'" for t in texts)
        return self.next(any(map(self.sees, texts)), listed)

    def next(self, fits: bool, wanted: str) -> Token:
        token = self.token
        if not fits:
            raise self.fail(f"expected {wanted}, found '{token.text}'")
        self.position += 1
        return token

    def skip(self, text: str) -> bool:
        if not self.sees(text):
            return False
        self.position += 1
        return True

    def listed(self, close: str, item: Callable[[], Item]) -> list[Item]:
        found: list[Item] = []
        while not self.sees(close):
            found.append(item())
            if not self.skip(","):
                break
        self.expect(close)
        return found

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Around what may contain itself."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"nested more than {DEEPEST} deep")
        yield
        self.depth -= 1
