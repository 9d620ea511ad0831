"""Errors of the front end that PyTorch has no name for."""

from __future__ import annotations


class TraceError(RuntimeError):
    """The program does something that cannot be part of a traced program."""


class StaleError(RuntimeError):
    """A gradient needs a value that was overwritten or freed since."""
