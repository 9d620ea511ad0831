"""When the compiler fails: the last good stage and a small program that fails the same way go to disk.

`save(error, func, passes)` runs the passes again, one by one, to find the one that fails; the error's notes say where
the files are and which command shows the failure again.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..backends.cpu.program import Program
from ..ir import Func, print_func, verify
from ..ir.passes import Pass
from .reduce import same_failure, smallest
from .words import line

BACKEND = "backend"
SHOWN = 3
"""So many of the user's lines are named."""
Attempt = Callable[[Func], object]


def save(error: Exception, func: Func, passes: Sequence[Pass]) -> None:
    """Write what there is to see, and tell it in a note of the error."""
    try:
        error.add_note(_told(func, passes))
    except Exception as problem:  # which must not take the place of the error
        error.add_note(f"what led to it could not be saved: {problem}")


def _told(func: Func, passes: Sequence[Pass]) -> str:
    name, good, attempt, found = _last_good(func, passes)
    if found is None:
        path = _written(_folder(), func.name, "trace", func)
        return f"the compiler fails, but not again; the program is in {path}"
    return _note(name, good, attempt, found)


def _last_good(func: Func, passes: Sequence[Pass]) -> tuple[str, Func, Attempt, Exception | None]:
    """The step that fails, the program before it, and how it fails."""
    for step in passes:
        attempt = _checked(step)
        after, found = _tried(attempt, func)
        if found is not None:
            return step.name, func, attempt, found
        assert after is not None
        func = after
    _, found = _tried(Program, func)
    return BACKEND, func, Program, found


def _checked(step: Pass) -> Callable[[Func], Func]:
    return lambda func: verify(step(verify(func)))


def _tried(
    attempt: Callable[[Func], Func] | type[Program], func: Func
) -> tuple[Func | None, Exception | None]:
    try:
        made = attempt(func)
    except Exception as error:
        return None, error
    return (made if isinstance(made, Func) else None), None


def _note(name: str, good: Func, attempt: Attempt, found: Exception) -> str:
    folder = _folder()
    before = _written(folder, good.name, f"before-{name}", good)
    small = smallest(good, same_failure(found, attempt))
    where = _written(folder, good.name, f"{name}-repro", small)
    what = "the backend" if name == BACKEND else f"the pass '{name}'"
    return (
        f"{what} fails on {before}; the smallest part that fails so ({len(small.body)} of {len(good.body)} "
        f"instructions{_origin(small)}) is in {where}, and this runs it again:\n  {_command(name, where)} --traceback"
    )


def _command(name: str, file: Path) -> str:
    if name == BACKEND:
        return shlex.join(["tapeout", "inspect", str(file), "-p", "", "--compile"])
    return shlex.join(["tapeout", "opt", str(file), "-p", name])


def _origin(func: Func) -> str:
    """The user's lines that instructions come from."""
    lines = list(dict.fromkeys(line(i.loc) for i in func.body if i.loc))[:SHOWN]
    return f", from {' and '.join(lines)}" if lines else ""


def _folder() -> Path:
    """Where TAPEOUT_DUMP says, or a new temporary folder."""
    wanted = os.environ.get("TAPEOUT_DUMP")
    if not wanted:
        return Path(tempfile.mkdtemp(prefix="tapeout-"))
    Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted)


def _written(folder: Path, name: str, kind: str, func: Func) -> Path:
    path = folder / f"{name}-{kind}.tape"
    path.write_text(print_func(func, locs=True), encoding="utf-8")
    return path
