"""`tapeout cache`: the compiled code on disk."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..runtime import cache
from ..runtime.cache_file import sealed
from ..runtime.cache_folder import ENDING, Entry

HEADER = len(sealed("", b""))
MARKS = (
    (b'{"format"', "programs"),
    (b"ELF", "kernels"),
    (b"\xfe\xed\xfa", "kernels"),
    (b"\xfa\xed\xfe", "kernels"),
)
OTHER = "other"
UNITS = ((1 << 20, "MB"), (1 << 10, "kB"), (1, "bytes"))
AGES = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "cache", help="sum up, list or clear the compiled code on disk", description=show.__doc__
    )
    parser.add_argument("action", nargs="?", choices=("list", "clear"))
    parser.set_defaults(command=show)


def show(options: argparse.Namespace) -> int:
    """Say how many programs and kernels there are and what they take; list every entry; or clear them all.

    They are kept in TAPEOUT_CACHE_DIR, or in the user's cache folder; TAPEOUT_CACHE=0 does without.
    """
    where = cache.cache_dir()
    if where is None:
        print("the cache is off (TAPEOUT_CACHE=0)")
        return 0
    if options.action == "clear":
        print(f"{counted(cache.clear(), UNITS)} freed in {where}")
        return 0
    entries = cache.entries()
    for line in each(entries) if options.action == "list" else by_kind(entries, where):
        print(line)
    total = counted(sum(entry.size for entry in entries), UNITS)
    print(f"{len(entries)} entries, {total} in {where}")
    return 0


def each(entries: Sequence[Entry]) -> Iterator[str]:
    """All entries, the least recently used first."""
    for entry in entries:
        age = counted(max(time.time() - entry.used, 0), AGES)
        yield f"{entry.key[:16]}  {counted(entry.size, UNITS):>12}  used {age} ago"


def by_kind(entries: Sequence[Entry], where: Path) -> Iterator[str]:
    """How many there are of each kind, and what they take."""
    sizes: dict[str, list[int]] = {}
    for entry in entries:
        sizes.setdefault(kind(where / entry.key[:2] / (entry.key + ENDING)), []).append(entry.size)
    for name, found in sorted(sizes.items()):
        yield f"{name:<10}{len(found):>8}{counted(sum(found), UNITS):>14}"


def kind(path: Path) -> str:
    """What an entry holds, by how its content begins; its name says nothing."""
    with suppress(OSError), path.open("rb") as file:
        begins = file.read(HEADER + 10)[HEADER:]
        for mark, name in MARKS:
            if mark in begins:
                return name
    return OTHER


def counted(amount: float, units: tuple[tuple[int, str], ...]) -> str:
    """An amount in the largest unit that it fills."""
    for size, name in units[:-1]:
        if amount >= size:
            return f"{amount / size:.1f} {name}"
    return f"{amount:.0f} {units[-1][1]}"
