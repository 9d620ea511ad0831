"""One line that shows how far a transfer is."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

REDRAW_SECONDS = 0.1
MB = 1_000_000


class ProgressLine:
    """Redraws itself on a terminal; in a log it appears once, at the end; silent without a stream.

    Use it as a context manager, so that the line also ends when the transfer fails.
    """

    def __init__(self, label: str, stream: TextIO | None) -> None:
        self._label = label
        self._stream = stream
        self._done = 0
        self._total: int | None = None
        self._next_draw = time.monotonic()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._draw(end="\n")

    def advance(self, count: int, total: int | None) -> None:
        """`count` more bytes of `total` (None if unknown) have come."""
        self._done += count
        self._total = total
        if self._stream and self._stream.isatty() and time.monotonic() >= self._next_draw:
            self._next_draw = time.monotonic() + REDRAW_SECONDS
            self._draw(end="")

    def __str__(self) -> str:
        total = "?" if self._total is None else f"{self._total / MB:.1f}"
        return f"{self._label}: {self._done / MB:.1f} of {total} MB"

    def _draw(self, end: str) -> None:
        if self._stream:
            start = "\r" if self._stream.isatty() else ""
            self._stream.write(f"{start}{self}{end}")
            self._stream.flush()
