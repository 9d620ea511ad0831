"""How a module prints: its class, its settings, its children indented below it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def indented(text: str) -> str:
    """All lines but the first two spaces to the right."""
    return text.replace("\n", "\n  ")


def module_text(name: str, extra: str, children: Iterable[str]) -> str:
    """`Linear(in_features=2, ...)`, or one line for each child (and for each line of `extra`)."""
    lines = list(children)
    if not lines and "\n" not in extra:
        return f"{name}({extra})"
    body = [*extra.split("\n")] * bool(extra) + lines
    return f"{name}(\n  " + "\n  ".join(body) + "\n)"


def child_line(name: str, text: str) -> str:
    return f"({name}): {indented(text)}"


def repeated_lines(texts: Iterable[str]) -> list[str]:
    """The lines of numbered children, equal neighbours as one: `(0-2): 3 x Linear(...)`."""
    lines = []
    for text, group in groupby(enumerate(texts), key=lambda pair: pair[1]):
        numbers = [n for n, _ in group]
        span = f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else str(numbers[0])
        times = f"{len(numbers)} x " if len(numbers) > 1 else ""
        lines.append(f"({span}): {times}{indented(text)}")
    return lines
