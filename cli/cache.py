"""`tapeout cache`: the compiled code on disk."""

from __future__ import annotations

import argparse
import time
from typing import Any

from ..runtime import cache

UNITS = ((1 << 20, "MB"), (1 << 10, "kB"), (1, "bytes"))
AGES = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "cache", help="list or clear the compiled code on disk", description=show.__doc__
    )
    parser.add_argument("action", nargs="?", choices=("list", "clear"), default="list")
    parser.set_defaults(command=show)


def show(options: argparse.Namespace) -> int:
    """List compiled programs and kernels, the least recently used first, or clear them all.

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
    for entry in entries:
        age = counted(max(time.time() - entry.used, 0), AGES)
        print(f"{entry.key[:16]}  {counted(entry.size, UNITS):>12}  used {age} ago")
    total = counted(sum(entry.size for entry in entries), UNITS)
    print(f"{len(entries)} entries, {total} in {where}")
    return 0


def counted(amount: float, units: tuple[tuple[int, str], ...]) -> str:
    """An amount in the largest unit that it fills."""
    for size, name in units[:-1]:
        if amount >= size:
            return f"{amount / size:.1f} {name}"
    return f"{amount:.0f} {units[-1][1]}"
