"""How far `over` has come: one line per epoch, brought up to date on a terminal while the epoch runs."""

from __future__ import annotations

import sys
import time

from ..tracer.var import Array

REFRESH = 0.1
"""Seconds between two updates."""


class Line:
    """The line of one epoch."""

    def __init__(self, epoch: int, epochs: int, steps: int) -> None:
        self.title = f"epoch {epoch}/{epochs}"
        self.steps = steps
        self.done = 0
        self.total = 0.0
        self.start = self.shown = time.perf_counter()
        self.live = sys.stderr.isatty()

    def update(self, losses: Array) -> None:
        """Some more steps are done."""
        self.done += len(losses)
        self.total += float(losses.sum(dtype="float64"))
        if self.live and time.perf_counter() - self.shown > REFRESH:
            self.shown = time.perf_counter()
            _write(f"\r{self._text()}  {self.done}/{self.steps}")

    def finish(self) -> None:
        """The epoch is over."""
        seconds = time.perf_counter() - self.start
        _write(("\r\x1b[K" if self.live else "") + f"{self._text()}  {seconds:.2f} s\n")

    def _text(self) -> str:
        return f"{self.title}  loss {self.total / self.done:.4f}"


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
