"""What calling a compiled program costs: an empty program with two arguments, beside an empty builtin of Python.

Every way in is called once and its result compared before it is timed. Run it with `python benchmarks/entry_calls.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import machine

from tapeout.runtime.arguments import Argument
from tapeout.runtime.assemble import assemble
from tapeout.runtime.entry import Failure, make_entry
from tapeout.runtime.loader import load
from tapeout.runtime.object_layout import Unwrap, slot_offset

CALLS, ROUNDS = 20_000, 25

EMPTY = load([assemble("define void @step(ptr %b, i64 %p, i64 %n, ptr %m) {\n  ret void\n}\n")])
ARGUMENTS = [
    Argument("x", np.dtype(np.float32), (64, 784)),
    Argument("y", np.dtype(np.int64), (64,)),
]


class Held:
    """What holds the array."""

    __slots__ = ("array", "recorded")

    def __init__(self, array: Any) -> None:
        self.array, self.recorded = array, False


class Handle:
    """What holds what holds the array, as a tensor does."""

    __slots__ = ("held",)

    def __init__(self, array: Any) -> None:
        self.held = Held(array)


class Function:
    """What a compiled function is to its user."""


HOPS = slot_offset(Handle, "held"), slot_offset(Held, "array")
UNWRAP = Unwrap((Handle,), HOPS, (((HOPS[0], slot_offset(Held, "recorded")), False),))
WORDS = np.zeros(18, np.int64)
GUARDS = [(WORDS.ctypes.data + 8 * i, WORDS.ctypes.data + 8 * i + 64) for i in range(8)]
FAILURE = Failure(WORDS.ctypes.data + 8 * 17, lambda: "failed")


def entry(**options: Any) -> Callable[..., Any]:
    """The empty program behind an entry."""
    return make_entry("step", EMPTY.address("step"), ARGUMENTS, [], keep=[EMPTY, WORDS], **options)


def slow(*_: object, **__: object) -> str:
    return "slow"


def nanoseconds(function: Callable[..., object], x: object, y: object) -> float:
    """The least time of a call, the loop around it taken off."""
    best = empty = float("inf")
    calls = range(CALLS)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in calls:
            function(x, y)
        middle = time.perf_counter()
        for _ in calls:
            pass
        best = min(best, middle - start)
        empty = min(empty, time.perf_counter() - middle)
    return (best - empty) / CALLS * 1e9


def main() -> None:
    arrays = np.zeros((64, 784), np.float32), np.zeros(64, np.int64)
    handles = tuple(map(Handle, arrays))
    everything = entry(unwrap=UNWRAP, slow=slow, guards=GUARDS, failure=FAILURE)
    ways: dict[str, tuple[Callable[..., Any], tuple[Any, ...], object]] = {
        "a builtin of two arguments (isinstance)": (
            isinstance,
            (3, int),
            True,
        ),
        "a Python function": (lambda x, y: None, arrays, None),
        "arrays": (entry(), arrays, None),
        "objects": (entry(unwrap=UNWRAP, slow=slow), handles, None),
        "objects, 8 guards": (entry(unwrap=UNWRAP, slow=slow, guards=GUARDS), handles, None),
        "objects, 8 guards, failure word, lock": (everything, handles, None),
        "the same, Python's lock released": (
            entry(unwrap=UNWRAP, slow=slow, guards=GUARDS, failure=FAILURE, long=True),
            handles,
            None,
        ),
        "the same, kept, as __call__ of an instance": (
            type("F", (Function,), {"__call__": everything})(),
            handles,
            None,
        ),
        "turned away, to a Python function": (everything, arrays, "slow"),
    }
    print(machine())
    for name, (function, given, expected) in ways.items():
        assert function(*given) == expected, name
        print(f"{nanoseconds(function, *given):8.1f} ns  {name}")


if __name__ == "__main__":
    main()
