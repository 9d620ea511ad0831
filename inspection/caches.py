"""The caches of this machine's cores, as the system lists them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

LISTED = Path("/sys/devices/system/cpu/cpu0/cache")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
ASSUMED = ((1, 32 << 10, 1), (2, 512 << 10, 1), (3, 8 << 20, 4))
"""Where the system lists none: level, bytes, how many cores share it."""


class Cache(NamedTuple):
    """One level."""

    level: int
    nbytes: int
    sharers: int
    """How many of the system's processors share one."""

    def capacity(self, threads: int) -> int:
        """The bytes that so many threads have together, each on a processor of its own."""
        return self.nbytes * -(-threads // self.sharers)


def caches(listed: Path = LISTED) -> list[Cache]:
    """The levels that hold data, the nearest first."""
    found = [_cache(folder) for folder in sorted(listed.glob("index*")) if _holds_data(folder)]
    return sorted(found) or [Cache(*assumed) for assumed in ASSUMED]


def _holds_data(folder: Path) -> bool:
    return (folder / "type").read_text().strip() != "Instruction"


def _cache(folder: Path) -> Cache:
    size = re.fullmatch(r"(\d+)([KM]?)", (folder / "size").read_text().strip())
    assert size is not None
    sharers = _count((folder / "shared_cpu_list").read_text().strip())
    level = int((folder / "level").read_text())
    return Cache(level, int(size[1]) * UNITS[size[2]], sharers)


def _count(cpus: str) -> int:
    """How many are in a list such as `0-3,8`."""
    ranges = [part.split("-") for part in cpus.split(",")]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in ranges)
