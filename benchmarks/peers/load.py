"""How much of the machine others used while something of ours ran."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

STAT = Path("/proc/stat")
BUSY = (
    0,
    1,
    2,
    5,
    6,
    7,
)  # user, nice, system, interrupts, soft interrupts, stolen by other machines


class Load:
    """Begins when made. Processes of ours count once they have ended and been waited for."""

    def __init__(self) -> None:
        self.begun, self.busy, self.ours = time.perf_counter(), busy_seconds(), our_seconds()

    def others(self) -> str:
        """In words, in cores, or nothing where the system does not tell."""
        now = busy_seconds()
        if now is None or self.busy is None:
            return ""
        taken = now - self.busy - (our_seconds() - self.ours)
        cores = max(0.0, taken / (time.perf_counter() - self.begun))
        return f"others used {cores:.1f} cores meanwhile"


def busy_seconds() -> float | None:
    """Of all cores, since the machine started."""
    if not STAT.exists():
        return None
    counts = STAT.read_text().split("\n", 1)[0].split()[1:]
    return sum(int(counts[i]) for i in BUSY) / os.sysconf("SC_CLK_TCK")


def our_seconds() -> float:
    """Of this process and those it has waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
