"""What compiled code depends on besides the program: everything that takes part in making it.

Told apart by the sizes and times of source files, because that is quick and also sees a compiler that is being edited.
"""

from __future__ import annotations

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
    parts += [f"{p.relative_to(PACKAGE)} {_stamp(p)}" for p in _sources()]
    return "\n".join(parts)


def _sources() -> Iterator[Path]:
    for path in [PACKAGE, *(PACKAGE / floor for floor in FLOORS)]:
        found = path.glob("*.py") if path == PACKAGE else path.rglob("*.py")
        yield from sorted(found)


def _numba() -> Path:
    """Numba's page about its version, found without importing it."""
    found = find_spec("numba")
    if found is None or found.origin is None:
        return Path("no numba")
    return Path(found.origin).with_name("_version.py")


def _stamp(path: Path) -> str:
    if not path.exists():
        return "missing"
    known = path.stat()
    return f"{known.st_size} {known.st_mtime_ns}"
