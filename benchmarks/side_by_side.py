"""What the benchmarks share: rounds that take turns, medians, and the machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping


def take_turns(
    contestants: Mapping[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.2
) -> dict[str, float]:
    """The median seconds of one call of each contestant, over rounds in which they take turns."""
    calls = {name: _calls_for(function, seconds) for name, function in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                function()
            times[name].append((time.perf_counter() - start) / calls[name])
    return {name: statistics.median(t) for name, t in times.items()}


def _calls_for(function: Callable[[], object], seconds: float) -> int:
    """How many calls fill the time, after a few to warm up."""
    for _ in range(10):
        function()
    start = time.perf_counter()
    for _ in range(10):
        function()
    return max(1, int(seconds / max((time.perf_counter() - start) / 10, 1e-7)))


def machine() -> str:
    """One line about where this ran."""
    with open("/proc/cpuinfo") if os.path.exists("/proc/cpuinfo") else open(os.devnull) as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{models[0] if models else platform.processor()}, {cores} cores, Python {platform.python_version()}"
