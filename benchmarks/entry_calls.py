"""What calling a compiled program costs: an empty program with two arguments, beside functions of Python.

Then what a step costs where many run in a row. Every way in is called once and its result compared before it is timed.
Run it with `python benchmarks/entry_calls.py`.
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
from tapeout.runtime.epochs import Loss, Rows, RowSource, make_epochs
from tapeout.runtime.gather import row_bytes_of
from tapeout.runtime.loader import load
from tapeout.runtime.object_layout import Unwrap, slot_offset

CALLS, ROUNDS = 20_000, 25
ROWS, BATCH = 60_000, 64

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


def nanoseconds_per_step(*data: Rows) -> float:
    """The least time of a step of an epoch, after a look at what it left for the last step."""
    buffers = [np.zeros((BATCH, *rows.base.shape[1:]), rows.base.dtype) for rows in data]
    sources = [
        RowSource(row_bytes_of(buffer), at, buffer.ctypes.data) for at, buffer in enumerate(buffers)
    ]
    table, loss = np.zeros(len(data) or 1, np.uint64), np.ones(1, np.float32)
    epochs = make_epochs(
        EMPTY.address("step"),
        sources,
        table,
        batch=BATCH,
        loss=Loss(loss.ctypes.data, 4),
        keep=[EMPTY, loss, buffers],
    )
    steps = ROWS // BATCH
    losses, best = np.zeros(steps, np.float32), float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        assert epochs.run(data, 0, steps, losses) == steps
        best = min(best, time.perf_counter() - start)
    assert losses.all()
    for rows, buffer in zip(data, buffers, strict=True):
        if rows.index is not None:
            last = rows.index[(steps - 1) * BATCH : steps * BATCH]
            assert np.array_equal(buffer, rows.base[last])
    return best / steps * 1e9


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
        "objects, 8 guards, failure word, turn": (everything, handles, None),
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
    rng = np.random.default_rng(0)
    x, y, order = rng.random((ROWS, 784), np.float32), np.arange(ROWS), rng.permutation(ROWS)
    steps: dict[str, list[Rows]] = {
        "a step in a row, no input": [],
        "a step in a row, two inputs in place": [Rows(x), Rows(y)],
        f"a step in a row, {BATCH} rows of 784 float32 gathered": [Rows(x, order), Rows(y, order)],
    }
    for name, data in steps.items():
        print(f"{nanoseconds_per_step(*data):8.1f} ns  {name}")


if __name__ == "__main__":
    main()
