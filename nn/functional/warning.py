"""Warnings that point at the user's line."""

from __future__ import annotations

import warnings

from ...tracer.location import user_frame


def warn(message: str) -> None:
    """Warn once for each line of the user's program (or as their warning filters say)."""
    frame = user_frame()
    if frame is None:
        warnings.warn(message, UserWarning, stacklevel=3)
        return
    warnings.warn_explicit(
        message,
        UserWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )
