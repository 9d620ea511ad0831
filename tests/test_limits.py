"""What the machine can do at most: its caches, the measurements, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapeout.inspection import limits as room
from tapeout.inspection.caches import ASSUMED, Cache, caches
from tapeout.inspection.limits import Level, Limits, better, limits
from tapeout.runtime import pool

NEAR, FAR = Level("L1", 1000, 200.0), Level("memory", math.inf, 10.0)
KNOWN = Limits(2, {"f32": 400.0, "f64": 100.0}, (NEAR, FAR))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Measurements that are short rather than right, and a cache that knows none."""
    monkeypatch.setattr(room, "SECONDS", 1e-5)
    monkeypatch.setattr(room, "ROUNDS", 1)
    monkeypatch.setattr(room, "FAR_BYTES", 1 << 20)
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    "nbytes, name", [(0, "L1"), (1000, "L1"), (1001, "memory"), (1e12, "memory")]
)
def test_the_nearest_memory_that_holds_the_bytes(nbytes: float, name: str) -> None:
    assert KNOWN.level(nbytes).name == name


@pytest.mark.parametrize(
    "flops, nbytes, dtype, seconds",
    [(800, 200, "f32", 2.0), (800, 200, "f64", 8.0), (0, 600, "f32", 3.0), (4, 2000, "f32", 200.0)],
)
def test_the_least_time_is_that_of_the_slower_of_both(
    flops: float, nbytes: float, dtype: str, seconds: float
) -> None:
    assert KNOWN.seconds(flops, nbytes, dtype) == seconds


def test_the_better_of_two_measurements_counts() -> None:
    new = Limits(2, {"f32": 390.0, "f64": 110.0}, (Level("L1", 1000, 210.0), FAR))
    both = better(new, KNOWN)
    assert both.flops == {"f32": 400.0, "f64": 110.0}
    assert [level.bandwidth for level in both.levels] == [210.0, 10.0]


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Also where there is one core."""
    before = pool.get_num_threads()
    pool.set_num_threads(max(before, 2))
    yield
    pool.set_num_threads(before)


@pytest.mark.usefixtures("quick", "two_threads")
@pytest.mark.parametrize("threads", [1, 2])
def test_all_limits_are_measured(threads: int) -> None:
    found = limits(threads)
    assert found.threads == threads
    assert all(rate > 1e6 for rate in found.flops.values())
    assert found.flops.keys() == {"f32", "f64"}
    assert [level.name for level in found.levels] == [*(f"L{c.level}" for c in caches()), "memory"]
    assert all(level.bandwidth > 1e6 for level in found.levels)
    assert found.level(1e15).nbytes == math.inf


@pytest.mark.usefixtures("quick")
def test_what_was_measured_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first = limits(1)
    measured: list[int] = []

    def slower(threads: int, target: object) -> Limits:
        measured.append(threads)
        return first._replace(flops={"f32": 1.0, "f64": first.flops["f64"] + 1.0})

    monkeypatch.setattr(room, "measured", slower)
    assert limits(1) == first
    assert measured == []
    again = limits(1, again=True)
    assert measured == [1]
    assert again.flops == {"f32": first.flops["f32"], "f64": first.flops["f64"] + 1.0}
    assert limits(1) == again


@pytest.mark.usefixtures("quick")
def test_threads_that_do_not_run_are_told_of() -> None:
    before = pool.get_num_threads()
    pool.set_num_threads(1)
    try:
        with pytest.raises(
            RuntimeError, match=r"limits of 3 threads cannot be measured: 1 of them"
        ):
            limits(3)
    finally:
        pool.set_num_threads(before)


def listed(folder: Path, number: int, facts: tuple[str, str, str, str]) -> None:
    index = folder / f"index{number}"
    index.mkdir()
    for name, text in zip(("level", "type", "size", "shared_cpu_list"), facts, strict=True):
        (index / name).write_text(f"{text}\n")


def test_caches_are_read_from_the_system(tmp_path: Path) -> None:
    listed(tmp_path, 0, ("1", "Data", "48K", "0,8"))
    listed(tmp_path, 1, ("1", "Instruction", "64K", "0,8"))
    listed(tmp_path, 2, ("2", "Unified", "2M", "0-1"))
    listed(tmp_path, 3, ("3", "Unified", "30720K", "0-5,8-9"))
    assert caches(tmp_path) == [
        Cache(1, 48 << 10, 2),
        Cache(2, 2 << 20, 2),
        Cache(3, 30 << 20, 8),
    ]


def test_caches_are_assumed_where_none_are_listed(tmp_path: Path) -> None:
    assert caches(tmp_path) == [Cache(*each) for each in ASSUMED]


@pytest.mark.parametrize("threads, capacity", [(1, 7), (3, 7), (4, 14), (7, 21)])
def test_threads_have_as_many_caches_as_they_need(threads: int, capacity: int) -> None:
    assert Cache(3, 7, 3).capacity(threads) == capacity
