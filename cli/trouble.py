"""What went wrong, as a person reads it: one line where that says all, and where in the user's script it was."""

from __future__ import annotations

import os
import traceback
from types import FrameType

from ..ir import IRError
from ..tracer.location import is_of_user

BINARY = "source code string cannot contain null bytes"
"""What Python says of a script that is none; before 3.11.4 it was no SyntaxError."""
UNEXPECTED = "; --traceback, after the command, shows where"


def _foreseen(error: Exception) -> bool:
    """Is it an error whose text says all there is to say?"""
    return isinstance(error, IRError | OSError | SyntaxError)


def told(error: Exception, script: str = "") -> str:
    """The error with its notes and the script's last line; of what was not foreseen, how to see more."""
    notes = [*getattr(error, "__notes__", ()), *_last_line(error, script)]
    return "\n".join([_text(error, script), *notes])


def as_python(error: BaseException) -> str:
    """The error as Python shows it, without the frames of this package. Empty if none of the user's is on the way."""
    shown = traceback.TracebackException.from_exception(error)
    _keep_users(shown, error)
    return "".join(shown.format()).rstrip("\n") if shown.stack else ""


def _keep_users(shown: traceback.TracebackException, error: BaseException) -> None:
    """In the errors behind it as well, and in those of a group."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    lines = zip(shown.stack, frames, strict=False)  # shorter with sys.tracebacklimit
    shown.stack = traceback.StackSummary.from_list([s for s, frame in lines if is_of_user(frame)])
    behind = [(shown.__cause__, error.__cause__), (shown.__context__, error.__context__)]
    behind += zip(shown.exceptions or (), getattr(error, "exceptions", ()), strict=True)
    for part, its in behind:
        if part is not None and its is not None:
            _keep_users(part, its)


def _text(error: Exception, script: str) -> str:
    if isinstance(error, SyntaxError):
        return _syntax(error, script)
    if type(error) is ValueError and str(error) == BINARY:
        return f"{script}: {error}"
    return str(error) if _foreseen(error) else f"{type(error).__name__}: {error}{UNEXPECTED}"


def _syntax(error: SyntaxError, script: str) -> str:
    """`script.py:2: invalid syntax`, the line, and a caret under the place."""
    if not error.lineno:
        return f"{error.filename or script}: {error.msg}"
    told = f"{error.filename}:{error.lineno}: {error.msg}"
    if not error.text:
        return told
    line = error.text.rstrip("\n")
    pad = "".join("\t" if c == "\t" else " " for c in line[: max(error.offset or 1, 1) - 1])
    return f"{told}\n  {line}\n  {pad}^"


def _last_line(error: Exception, script: str) -> list[str]:
    """`script.py:2, in g`, if a line of the script was on the way and the text does not say it."""
    frames = [(f, n) for f, n in traceback.walk_tb(error.__traceback__) if _is_of(f, script)]
    if not frames:
        return []
    frame, line = frames[-1]
    place = f"{frame.f_code.co_filename}:{line}"
    name = frame.f_code.co_name
    said = f"{os.path.basename(script)}:{line}" in str(error)
    return [] if said else [place if name.startswith("<") else f"{place}, in {name}"]


def _is_of(frame: FrameType, script: str) -> bool:
    """Is it a frame of the script's: a file, or a module?"""
    spec = frame.f_globals.get("__spec__")
    return script in (frame.f_code.co_filename, getattr(spec, "name", None))
