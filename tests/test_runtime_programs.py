"""Programs in LLVM IR that the tests of the entry call, and the plainest calls of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapeout.runtime import array_layout, entry, pool
from tapeout.runtime.arguments import Argument
from tapeout.runtime.assemble import assemble
from tapeout.runtime.loader import Library, load

# result[0] = x[1] + y[0] + state[0]; state[0] += 1. The buffers: x f32, y i64, state f64, result f64.
MIXED = """
define void @step(ptr %buffers, i64 %part, i64 %parts, ptr %barrier) {
  %x = load ptr, ptr %buffers
  %y.p = getelementptr ptr, ptr %buffers, i64 1
  %y = load ptr, ptr %y.p
  %state.p = getelementptr ptr, ptr %buffers, i64 2
  %state = load ptr, ptr %state.p
  %result.p = getelementptr ptr, ptr %buffers, i64 3
  %result = load ptr, ptr %result.p
  %x1.p = getelementptr float, ptr %x, i64 1
  %x1 = load float, ptr %x1.p
  %x1d = fpext float %x1 to double
  %y0 = load i64, ptr %y
  %y0d = sitofp i64 %y0 to double
  %s = load double, ptr %state
  %sum = fadd double %x1d, %y0d
  %sum1 = fadd double %sum, %s
  store double %sum1, ptr %result
  %s1 = fadd double %s, 1.0
  store double %s1, ptr %state
  ret void
}
"""
# Copies %bytes bytes from buffer 0 to buffer 1.
COPY = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define void @step(ptr %buffers, i64 %part, i64 %parts, ptr %barrier) {
  %from = load ptr, ptr %buffers
  %to.p = getelementptr ptr, ptr %buffers, i64 1
  %to = load ptr, ptr %to.p
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  ret void
}
"""
# Each part stores its number + 10, meets the others, and adds what its neighbour stored to its second cell.
MEETING = """
declare void @tapeout_pool_barrier(ptr, i64)
define void @step(ptr %buffers, i64 %part, i64 %parts, ptr %barrier) {
  %out = load ptr, ptr %buffers
  %mine = getelementptr [2 x i64], ptr %out, i64 %part
  %value = add i64 %part, 10
  store i64 %value, ptr %mine
  call void @tapeout_pool_barrier(ptr %barrier, i64 %parts)
  %next = add i64 %part, 1
  %neighbour = urem i64 %next, %parts
  %theirs.p = getelementptr [2 x i64], ptr %out, i64 %neighbour
  %theirs = load i64, ptr %theirs.p
  %second = getelementptr [2 x i64], ptr %out, i64 %part, i64 1
  store i64 %theirs, ptr %second
  ret void
}
"""
# Buffer 0 counts who is inside: 1 is added, some time passes, and what is found is kept in buffer 1 if it is more.
ALONE = """
define void @step(ptr %buffers, i64 %part, i64 %parts, ptr %barrier) {
  %inside = load ptr, ptr %buffers
  %most.p = getelementptr ptr, ptr %buffers, i64 1
  %most = load ptr, ptr %most.p
  %before = atomicrmw add ptr %inside, i64 1 seq_cst
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i1, %loop]
  %i1 = add i64 %i, 1
  store volatile i64 %i, ptr %most
  %more = icmp slt i64 %i1, 200000
  br i1 %more, label %loop, label %done
done:
  %now = load atomic i64, ptr %inside seq_cst, align 8
  %worst.p = getelementptr i64, ptr %inside, i64 1
  %o = atomicrmw max ptr %worst.p, i64 %now seq_cst
  %after = atomicrmw sub ptr %inside, i64 1 seq_cst
  ret void
}
"""

# Waits, for a while, until buffer 0 holds something, and tells in buffer 1 whether it came to that.
AWAIT = """
define void @step(ptr %buffers, i64 %part, i64 %parts, ptr %barrier) {
  %flag = load ptr, ptr %buffers
  %came.p = getelementptr ptr, ptr %buffers, i64 1
  %came = load ptr, ptr %came.p
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i1, %loop]
  %i1 = add i64 %i, 1
  %v = load atomic i64, ptr %flag seq_cst, align 8
  %set = icmp ne i64 %v, 0
  %late = icmp sgt i64 %i1, 400000000
  %over = or i1 %set, %late
  br i1 %over, label %done, label %loop
done:
  store i64 %v, ptr %came
  ret void
}
"""

F32, F64, I64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
X, Y = Argument("x", F32, (2, 3)), Argument("y", I64, (5,))
SIGNATURE = "x: float32[2,3], y: int64[5]"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("TAPEOUT_CACHE", raising=False)


def _load(text: str) -> Library:
    return load([assemble(text)], ["step"], _needed(text))


def _needed(text: str) -> dict[str, int]:
    return {name: at for name, at in pool.symbols().items() if f"@{name}(" in text}


def make(text: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    library = _load(text)
    return entry.make_entry("step", library.address("step"), *arguments, keep=[library], **options)


def mixed(**options: Any) -> tuple[Callable[..., Any], np.ndarray]:
    state, result = np.array([0.25]), np.zeros(1)
    return make(MIXED, [X, Y], [state, result], scalar=result, **options), state


def given_x() -> np.ndarray:
    return np.array([[1, 20, 3], [4, 5, 6]], F32)


def given_y() -> np.ndarray:
    return np.array([300, 7, 8, 9, 10], I64)


@pytest.fixture(params=["builtin", "ctypes"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in: the builtin, and the one that is left where the layout of arrays is unknown."""
    if request.param == "ctypes":
        monkeypatch.setattr(entry, "_layout_is_usable", lambda: False)
    return str(request.param)


@pytest.mark.parametrize("long", [False, True])
def test_arguments_come_first_then_fixed_arrays(path: str, long: bool) -> None:
    step, state = mixed(long=long)
    assert [step(given_x(), given_y()) for _ in range(3)] == [320.25, 321.25, 322.25]
    assert state[0] == 3.25
    assert (type(step).__name__ == "builtin_function_or_method") == (path == "builtin")


def test_the_layout_of_arrays_is_known_here() -> None:
    assert array_layout.layout_is_known()


def test_a_builtin_is_named_and_documented() -> None:
    step, _ = mixed()
    assert step.__name__ == "step"
    assert step.__doc__ == f"step({SIGNATURE})"
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        step(x=given_x(), y=given_y())


def _nanoseconds(function: Callable[..., object], *arguments: object) -> float:
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(2000):
            function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best / 2000 * 1e9


def test_a_call_costs_little_more_than_calling_python() -> None:
    step, _ = mixed()
    # Measured: 20 to 40 ns more. A conversion, or a call through ctypes, costs thousands.
    extra = _nanoseconds(step, given_x(), given_y()) - _nanoseconds(
        lambda x, y: 1.0, given_x(), given_y()
    )
    assert extra < 500
