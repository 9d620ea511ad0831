"""Where in the user's program are we? Instructions and errors are marked with it."""

from __future__ import annotations

import linecache
import os
import sys
from types import FrameType

from ..ir.values import Loc

PACKAGE = __name__.partition(".")[0]
_SKIPPED = ("contextlib", "copy", "functools", "importlib", "runpy", "threading")


def user_frame() -> FrameType | None:
    """The innermost frame that is not this package's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_of_user(frame):
        frame = frame.f_back
    return frame


def is_of_user(frame: FrameType) -> bool:
    """Does a frame run the user's code, not this package's or what lies between the two?"""
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return (
        top != PACKAGE
        and top not in _SKIPPED
        and not frame.f_code.co_filename.startswith("<frozen")
    )


def user_loc() -> Loc | None:
    """The user's file and line, if there is one."""
    frame = user_frame()
    return Loc(frame.f_code.co_filename, frame.f_lineno) if frame else None


def shown(loc: Loc) -> str:
    """`script.py:12: out = self.fc1(x)`, with the path relative to the working folder where that is shorter."""
    relative = os.path.relpath(loc.file) if os.path.isabs(loc.file) else loc.file
    path = relative if len(relative) < len(loc.file) else loc.file
    source = linecache.getline(loc.file, loc.line).strip()
    return f"{path}:{loc.line}" + (f": {source}" if source else "")


def blame(error: Exception) -> Exception:
    """The same error, its message ending in the user's line."""
    loc = user_loc()
    if loc and error.args and isinstance(error.args[0], str) and "\n  at " not in error.args[0]:
        error.args = (f"{error.args[0]}\n  at {shown(loc)}", *error.args[1:])
    return error


def type_shown(value: object) -> str:
    """A value's type as an error names it: `numpy.ndarray`, `list`."""
    kind = type(value)
    home = kind.__module__.partition(".")[0]
    return kind.__qualname__ if home == "builtins" else f"{home}.{kind.__qualname__}"


_NAMELESS = ("method", "<lambda>")


def not_a_tensor(value: object, wanted: str = "Tensor") -> Exception:
    """What is wrong with an argument that is no tensor, in terms of the function that the user called."""
    frame: FrameType | None = sys._getframe(1)
    stop, function, argument = user_frame(), "", "input"
    while frame is not None and frame is not stop:
        found = [name for name, local in frame.f_locals.items() if local is value]
        if found and frame.f_code.co_name not in _NAMELESS:
            function, argument = f"{frame.f_code.co_name}(): ", found[0]
        frame = frame.f_back
    hint = "; wrap it with from_numpy()" if type_shown(value) == "numpy.ndarray" else ""
    return blame(
        TypeError(
            f"{function}argument '{argument}' must be {wanted}, not {type_shown(value)}{hint}"
        )
    )
