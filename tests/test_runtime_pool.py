"""The thread pool: regions, barriers, thread counts, callers that collide, and forks."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tapeout import aligned
from tapeout.runtime import pool
from tapeout.runtime.assemble import assemble
from tapeout.runtime.loader import Library, load
from tapeout.runtime.pool_ir import (
    BARRIER_BYTES,
    MAX_THREADS,
    SPIN_NANOSECONDS,
)

pytestmark = pytest.mark.skipif(not pool.has_threads(), reason="the pool is serial on this system")

# Regions over an i64 array. `share` adds 1 to the elements of its part (their number is the first element) and notes
# the number of parts in the second; `outer` runs `share` from inside a region, on its own array.
CODE = """
declare void @tapeout_pool_run(ptr, ptr, i64)
declare void @tapeout_pool_barrier(ptr, i64)

define void @share(ptr %a, i64 %part, i64 %parts) {
  %n = load i64, ptr %a
  %seen = getelementptr i64, ptr %a, i64 1
  store atomic i64 %parts, ptr %seen monotonic, align 8
  %lo.n = mul i64 %part, %n
  %lo = sdiv i64 %lo.n, %parts
  %part1 = add i64 %part, 1
  %hi.n = mul i64 %part1, %n
  %hi = sdiv i64 %hi.n, %parts
  br label %loop
loop:
  %i = phi i64 [%lo, %0], [%i1, %body]
  %more = icmp slt i64 %i, %hi
  br i1 %more, label %body, label %done
body:
  %at = add i64 %i, 2
  %p = getelementptr i64, ptr %a, i64 %at
  %v = load i64, ptr %p
  %v1 = add i64 %v, 1
  store i64 %v1, ptr %p
  %i1 = add i64 %i, 1
  br label %loop
done:
  ret void
}

define void @outer(ptr %arrays, i64 %part, i64 %parts) {
  %p = getelementptr ptr, ptr %arrays, i64 %part
  %mine = load ptr, ptr %p
  call void @tapeout_pool_run(ptr @share, ptr %mine, i64 4)
  ret void
}

define void @rounds(ptr %b, i64 %part, i64 %parts) {
  ; 128 bytes of barrier, then: the number of rounds, mistakes, one cell per part
  %n.p = getelementptr i8, ptr %b, i64 128
  %n = load i64, ptr %n.p
  %wrong.p = getelementptr i8, ptr %b, i64 136
  %cells = getelementptr i8, ptr %b, i64 144
  %mine = getelementptr i64, ptr %cells, i64 %part
  %next = add i64 %part, 1
  %neighbour = urem i64 %next, %parts
  %theirs = getelementptr i64, ptr %cells, i64 %neighbour
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i1, %end]
  %i1 = add i64 %i, 1
  store i64 %i1, ptr %mine
  call void @tapeout_pool_barrier(ptr %b, i64 %parts)
  %v = load i64, ptr %theirs
  %same = icmp eq i64 %v, %i1
  br i1 %same, label %end, label %wrong
wrong:
  %o = atomicrmw add ptr %wrong.p, i64 1 monotonic
  br label %end
end:
  call void @tapeout_pool_barrier(ptr %b, i64 %parts)
  %more = icmp slt i64 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}

define void @empty(ptr %a, i64 %part, i64 %parts) noinline {
  ret void
}

define void @many(ptr %a, i64 %n) {
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i1, %loop]
  call void @tapeout_pool_run(ptr @empty, ptr %a, i64 2)
  %i1 = add i64 %i, 1
  %more = icmp slt i64 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def code() -> Library:
    return load([assemble(CODE)], imports=pool.symbols())


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[int], None]]:
    before = pool.get_num_threads()
    yield pool.set_num_threads
    pool.set_num_threads(before)


def _array(elements: int) -> np.ndarray:
    array = np.zeros(elements + 2, np.int64)
    array[0] = elements
    return array


def _share(code: Library, array: np.ndarray, parts: int) -> int:
    """Run `share`; the number of parts that there were."""
    pool.run(code.address("share"), array.ctypes.data, parts)
    return int(array[1])


@pytest.mark.parametrize("threads_set", [1, 2, 3, 7])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_a_region_runs_once_for_each_part(code: Library, parts: int, threads_set: int) -> None:
    pool.set_num_threads(threads_set)
    array = _array(23)
    for repeat in range(1, 4):
        assert _share(code, array, parts) == min(parts, threads_set)
        assert array[2:].tolist() == [repeat] * 23


def test_the_number_of_threads_changes_at_any_time(code: Library) -> None:
    array = _array(31)
    for repeat, count in enumerate([2, 5, 1, 3, 8, 2] * 20, start=1):
        pool.set_num_threads(count)
        assert pool.get_num_threads() == count
        assert _share(code, array, 100) == count
        assert (array[2:] == repeat).all()


def test_at_first_there_is_one_thread_per_core_of_the_affinity_mask() -> None:
    script = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from tapeout.runtime import pool; print(pool.get_num_threads())"
    )
    assert _python(script) == "1"
    assert _python(script.partition("\n")[2]) == str(len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("count", [0, -3, MAX_THREADS + 1])
def test_a_number_of_threads_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=rf"from 1 to {MAX_THREADS}, not {count}"):
        pool.set_num_threads(count)


@pytest.mark.parametrize("count", [2.0, "2", True, None])
def test_a_number_of_threads_that_is_no_int_is_refused(count: object) -> None:
    with pytest.raises(TypeError, match=f"must be an int, not {type(count).__name__}"):
        pool.set_num_threads(count)  # type: ignore[arg-type]


def test_a_region_inside_a_region_runs_alone(code: Library) -> None:
    pool.set_num_threads(2)
    arrays = [_array(11), _array(13)]
    pointers = (ctypes.c_void_p * 2)(*(array.ctypes.data for array in arrays))
    pool.run(code.address("outer"), ctypes.addressof(pointers), 2)
    for array in arrays:
        assert array[1] == 1
        assert (array[2:] == 1).all()


def test_eight_python_threads_may_use_the_pool_at_once(code: Library) -> None:
    pool.set_num_threads(2)
    parts_seen: set[int] = set()
    wrong: list[np.ndarray] = []

    def use(seed: int) -> None:
        array = _array(500 + seed)
        for repeat in range(1, 301):
            parts_seen.add(_share(code, array, 2))
            if not (array[2:] == repeat).all():
                wrong.append(array)

    users = [threading.Thread(target=use, args=(seed,)) for seed in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join(20)
    assert not wrong
    assert parts_seen <= {1, 2}


@pytest.mark.parametrize("parts, rounds", [(1, 10), (2, 50_000), (3, 2_000)])
def test_nobody_leaves_a_barrier_before_all_have_come(
    code: Library, parts: int, rounds: int
) -> None:
    pool.set_num_threads(parts)
    state = aligned.arena(BARRIER_BYTES + 256)
    state.fill(0)
    words = state[BARRIER_BYTES:].view(np.int64)
    words[0] = rounds
    pool.run(code.address("rounds"), state.ctypes.data, parts)
    assert words[1] == 0
    assert words[2 : 2 + parts].tolist() == [rounds] * parts


def test_idle_threads_sleep(code: Library) -> None:
    pool.set_num_threads(3)
    _share(code, _array(9), 3)
    time.sleep(0.05 + SPIN_NANOSECONDS * 1e-9)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.05


def test_sleeping_threads_are_woken(code: Library) -> None:
    pool.set_num_threads(3)
    array = _array(17)
    for repeat in range(1, 11):
        time.sleep(0.002 + SPIN_NANOSECONDS * 1e-9)
        assert _share(code, array, 3) == 3
        assert (array[2:] == repeat).all()


def test_an_empty_region_takes_microseconds_at_most(code: Library) -> None:
    pool.set_num_threads(2)
    many = code.function("many", None, ctypes.c_void_p, ctypes.c_int64)
    many(None, 5_000)
    best = float("inf")
    for _ in range(200):
        start = time.perf_counter()
        many(None, 50)
        best = min(best, (time.perf_counter() - start) / 50)
    # A thread started or woken through the operating system takes 30 µs and more each time.
    assert best < 20e-6


PROGRAM = f"""
import os, sys
import numpy as np
from tapeout.runtime import pool
from tapeout.runtime.assemble import assemble
from tapeout.runtime.loader import load
code = load([assemble({CODE!r})], imports=pool.symbols())
def use(parts):
    array = np.zeros(39, np.int64)
    array[0] = 37
    pool.run(code.address("share"), array.ctypes.data, parts)
    return array[1] == parts and bool((array[2:] == 1).all())
pool.set_num_threads(3)
def tasks():
    return len(os.listdir("/proc/self/task"))
"""


def _python(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_forked_child_starts_threads_of_its_own() -> None:
    script = PROGRAM + (
        "assert use(3)\n"
        "for generation in range(3):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        alone = tasks()\n"
        "        assert use(3) and use(2) and tasks() == alone + 2\n"
        "        continue\n"
        "    assert use(3)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    break\n"
        "sys.stdout.write('well' if generation == 0 else '')\n"
    )
    assert _python(script) == "well"


def test_a_fork_while_another_thread_is_in_the_pool() -> None:
    """The first fork meets the other thread in the first region there ever is."""
    script = PROGRAM + (
        "import threading\n"
        "stop = threading.Event()\n"
        "def busy():\n"
        "    while not stop.is_set(): use(3)\n"
        "other = threading.Thread(target=busy, daemon=True)\n"
        "other.start()\n"
        "for _ in range(8):\n"
        "    child = os.fork()\n"
        "    if child == 0: os._exit(0 if use(3) and use(2) else 1)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "stop.set(); other.join(); print('well')\n"
    )
    assert _python(script) == "well"


def test_threads_do_not_keep_the_process_from_ending() -> None:
    script = PROGRAM + "assert use(3) and tasks() >= 3\nprint('ends')"
    assert _python(script) == "ends"
