"""What compiled code depends on besides the program: everything that takes part in making it.

Told apart by the sizes and times of source files, because that is quick and also sees a compiler that is being edited.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import llvmlite

PACKAGE = Path(__file__).parent.parent
FLOORS = ("ir", "backends", "runtime")


@cache
def compiler_version() -> str:
    """Equal for compilers that make the same code of the same program."""
    parts = [f"llvmlite {llvmlite.__version__}", f"numba {_stamp(_numba())}"]
    parts += _sources(PACKAGE, "", deep=False)
    parts += [line for floor in FLOORS for line in _sources(PACKAGE / floor, floor, deep=True)]
    return "\n".join(parts)


def _sources(folder: Path, name: str, deep: bool) -> Iterator[str]:
    """The sources in a folder, and in those inside; a line for each. By `scandir`, as this is part of every start."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{name}/{entry.name}"
        if entry.name.endswith(".py"):
            yield f"{path} {_stamp(entry)}"
        elif deep and entry.is_dir():
            yield from _sources(Path(entry.path), path, deep)


def _numba() -> Path:
    """Numba's page about its version, found without importing it."""
    found = find_spec("numba")
    if found is None or found.origin is None:
        return Path("no numba")
    return Path(found.origin).with_name("_version.py")


def _stamp(file: Path | os.DirEntry[str]) -> str:
    try:
        known = file.stat()
    except FileNotFoundError:  # such as an editor's link that says who edits a file
        return "missing"
    return f"{known.st_size} {known.st_mtime_ns}"
