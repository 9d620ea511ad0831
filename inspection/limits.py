"""What this machine can do at most, measured: multiply-adds a second, and bytes a second from each memory.

Measured once for a number of threads, in about half a second, and kept in the cache for this CPU.
"""

from __future__ import annotations

import json
import math
from typing import NamedTuple

import numpy as np

from ..aligned import aligned_empty, arena
from ..backends.cpu.target import Target, host
from ..runtime import cache, pool
from ..runtime.assemble import assemble
from ..runtime.loader import Library, load
from .caches import caches
from .clock_ir import LINES
from .limits_ir import AXPY, BARRIER_WORDS, CHAINS, FMA, UNROLLED, Frame, axpy_ir, fma_ir

SECONDS = 1e-3
"""How long one measurement is at least."""
ROUNDS, TRIES, WARM_TRIES = 6, 7, 3
"""Many, and spread out: on a machine that others use as well, all threads seldom run undisturbed."""
FAR_BYTES = 256 << 20
"""Used to measure main memory, or four times the caches if that is less."""
ELEMENTS = {"f32": ("float", 4), "f64": ("double", 8)}
FORMAT = "3"


class Level(NamedTuple):
    """A memory: what all threads together keep in it, and how many bytes a second they move."""

    name: str
    nbytes: float
    bandwidth: float


class Limits(NamedTuple):
    """What so many threads can do at most."""

    threads: int
    flops: dict[str, float]
    """Operations a second by dtype; a multiply-add is two."""
    levels: tuple[Level, ...]
    """The nearest memory first."""

    def level(self, nbytes: float) -> Level:
        """The nearest memory that holds so many bytes."""
        return next(level for level in self.levels if nbytes <= level.nbytes)

    def seconds(self, flops: float, nbytes: float, dtype: str) -> float:
        """The least time for that work, if computing and moving bytes overlap perfectly."""
        return max(flops / self.flops[dtype], nbytes / self.level(nbytes).bandwidth)


def limits(threads: int | None = None, again: bool = False) -> Limits:
    """The limits of so many threads (all, unless given): those known, or measured now.

    Measuring `again` keeps what was better the first time: a machine does not do more than it can.
    """
    count = threads or pool.get_num_threads()
    key = cache.cache_key("limits", FORMAT, repr(host()), repr(caches()), str(count))
    stored = cache.get(key)
    known = _read(stored) if stored else None
    if known is None or again:
        known = better(measured(count, host()), known)
        cache.put(key, json.dumps(known).encode())
    return known


def better(new: Limits, old: Limits | None) -> Limits:
    """The higher figures of both."""
    if old is None:
        return new
    flops = {name: max(rate, old.flops[name]) for name, rate in new.flops.items()}
    pairs = zip(new.levels, old.levels, strict=True)
    levels = tuple(max(pair, key=lambda level: level.bandwidth) for pair in pairs)
    return Limits(new.threads, flops, levels)


def _read(stored: bytes) -> Limits:
    threads, flops, levels = json.loads(stored)
    return Limits(threads, flops, tuple(Level(*level) for level in levels))


def measured(threads: int, target: Target) -> Limits:
    """The limits, measured now."""
    flops = {name: _computing(name, threads, target) for name in ELEMENTS}
    sizes = [(f"L{c.level}", c.capacity(threads)) for c in caches()]
    far = min(4 * sizes[-1][1], FAR_BYTES)
    near = [_moving(c.capacity(threads) // 2, threads, target, c.sharers == 1) for c in caches()]
    moving = [*near, _moving(far, threads, target, apart=False)]
    for _ in range(ROUNDS):
        for bench in (*flops.values(), *moving):
            bench.measure()
    known = zip([*sizes, ("memory", math.inf)], moving, strict=True)
    levels = (Level(name, size, bench.rate) for (name, size), bench in known)
    return Limits(threads, {name: b.rate for name, b in flops.items()}, tuple(levels))


def _computing(dtype: str, threads: int, target: Target) -> _Bench:
    element, itemsize = ELEMENTS[dtype]
    lanes = target.lanes(itemsize)
    work = 2 * CHAINS * lanes
    return _Bench(fma_ir(element, lanes), FMA, threads, target.vector_bytes, work, apart=True)


def _moving(nbytes: int, threads: int, target: Target, apart: bool) -> _Bench:
    """Half of the bytes are read, the others read and written."""
    step = UNROLLED * target.vector_bytes
    own = max(step, nbytes // (2 * threads) // step * step)
    bench = _Bench(axpy_ir(target.lanes(4)), AXPY, threads, own, 3 * own, apart)
    bench.frame[Frame.VECTORS] = own // target.vector_bytes
    return bench


class _Bench:
    """A region with memory of so many bytes for each part, at two places; a round of a part is so much work.

    Threads that work `apart` share nothing, so that each has its own time, even if they do not run at the same time.
    """

    def __init__(
        self, text: str, name: str, threads: int, nbytes: int, work: int, apart: bool
    ) -> None:
        self.library: Library = load([assemble(text)], [name], pool.symbols())
        self.address = self.library.address(name)
        self.threads = threads
        self.apart = apart
        self.work = work * threads
        self.rate = 0.0
        """The most work a second so far."""
        self.memory = [arena(nbytes * threads) for _ in range(2)]
        for array in self.memory:
            array.fill(0)
        self._whole = aligned_empty((BARRIER_WORDS + Frame.NOTES + threads * LINES,), np.int64)
        self._whole.fill(0)
        self.frame = self._whole[BARRIER_WORDS:]
        self.frame[: Frame.PARTS] = [1, 0, nbytes, *(array.ctypes.data for array in self.memory)]

    def measure(self) -> None:
        """Try a few times more."""
        while self._best(WARM_TRIES) < SECONDS:
            self.frame[Frame.ROUNDS] *= 2
        self.rate = max(self.rate, self.work * int(self.frame[Frame.ROUNDS]) / self._best(TRIES))

    def _best(self, tries: int) -> float:
        return min(self._seconds() for _ in range(tries))

    def _seconds(self) -> float:
        pool.run(self.address, self._whole.ctypes.data, self.threads)
        if self.frame[Frame.PARTS] != self.threads:
            raise RuntimeError(
                f"the limits of {self.threads} threads cannot be measured: {self.frame[Frame.PARTS]} of them ran; "
                "set_num_threads() says how many may, and other programs that run in this process keep them busy"
            )
        notes = self.frame[Frame.NOTES :].reshape(self.threads, LINES)
        begin, end = notes[:, 0], notes[:, 1]
        taken = (end - begin).max() if self.apart else end.max() - begin.min()
        return float(taken) * 1e-9
