"""Many steps in a row: which rows each step sees, what is kept of it, and when they end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapeout.runtime import pool
from tapeout.runtime.assemble import assemble
from tapeout.runtime.entry import make_entry
from tapeout.runtime.epochs import Epochs, Loss, Rows, RowSource, make_epochs
from tapeout.runtime.loader import Library, load
from tapeout.runtime.turns import Turn

BATCH, PARTS = 5, 3

# The table: 0 y (i64), 1 cells (one per part), 2 x (rows of 9 i64), 3 words: loss, failed, the loss that is a failure,
# the number of parts, how often it ran.
# loss = sum over the batch of x[b][8] + 1000 y[b] * (b + 1), each part summing its share into its cell.
PROGRAM = f"""
declare void @tapeout_pool_barrier(ptr, i64)
define void @step(ptr %table, i64 %part, i64 %parts, ptr %barrier) {{
start:
  %y = load ptr, ptr %table
  %cells.p = getelementptr ptr, ptr %table, i64 1
  %cells = load ptr, ptr %cells.p
  %x.p = getelementptr ptr, ptr %table, i64 2
  %x = load ptr, ptr %x.p
  %words.p = getelementptr ptr, ptr %table, i64 3
  %words = load ptr, ptr %words.p
  %mine = getelementptr i64, ptr %cells, i64 %part
  br label %loop
loop:
  %b = phi i64 [%part, %start], [%b.next, %body]
  %sum = phi i64 [0, %start], [%sum.next, %body]
  %more = icmp slt i64 %b, {BATCH}
  br i1 %more, label %body, label %summed
body:
  %xb.p = getelementptr [9 x i64], ptr %x, i64 %b, i64 8
  %xb = load i64, ptr %xb.p
  %yb.p = getelementptr i64, ptr %y, i64 %b
  %yb = load i64, ptr %yb.p
  %b1 = add i64 %b, 1
  %weight = mul i64 %b1, 1000
  %weighted = mul i64 %yb, %weight
  %both = add i64 %xb, %weighted
  %sum.next = add i64 %sum, %both
  %b.next = add i64 %b, %parts
  br label %loop
summed:
  store i64 %sum, ptr %mine
  call void @tapeout_pool_barrier(ptr %barrier, i64 %parts)
  %leads = icmp eq i64 %part, 0
  br i1 %leads, label %add, label %done
add:
  %p = phi i64 [0, %summed], [%p.next, %add]
  %all = phi i64 [0, %summed], [%all.next, %add]
  %cell.p = getelementptr i64, ptr %cells, i64 %p
  %cell = load i64, ptr %cell.p
  %all.next = add i64 %all, %cell
  %p.next = add i64 %p, 1
  %again = icmp slt i64 %p.next, %parts
  br i1 %again, label %add, label %tell
tell:
  store i64 %all.next, ptr %words
  %failed.p = getelementptr i64, ptr %words, i64 1
  %bad.p = getelementptr i64, ptr %words, i64 2
  %bad = load i64, ptr %bad.p
  %is.bad = icmp eq i64 %all.next, %bad
  %failed = zext i1 %is.bad to i64
  store i64 %failed, ptr %failed.p
  %parts.p = getelementptr i64, ptr %words, i64 3
  store i64 %parts, ptr %parts.p
  %runs.p = getelementptr i64, ptr %words, i64 4
  %runs = load i64, ptr %runs.p
  %runs1 = add i64 %runs, 1
  store i64 %runs1, ptr %runs.p
  br label %done
done:
  ret void
}}
"""
# Sets buffer 0, waits until buffer 1 holds something.
WAIT = """
define void @step(ptr %table, i64 %part, i64 %parts, ptr %barrier) {
start:
  %inside = load ptr, ptr %table
  %flag.p = getelementptr ptr, ptr %table, i64 1
  %flag = load ptr, ptr %flag.p
  store atomic i64 1, ptr %inside seq_cst, align 8
  br label %loop
loop:
  %v = load atomic i64, ptr %flag seq_cst, align 8
  %set = icmp ne i64 %v, 0
  br i1 %set, label %done, label %loop
done:
  ret void
}
"""


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = pool.get_num_threads()
    pool.set_num_threads(PARTS)
    yield
    pool.set_num_threads(before)


def loaded(text: str) -> Library:
    needed = {name: at for name, at in pool.symbols().items() if f"@{name}(" in text}
    return load([assemble(text)], ["step"], needed)


@dataclass
class Stage:
    """The program with everything it works on."""

    parts: int
    cells: np.ndarray = field(default_factory=lambda: np.zeros(PARTS, np.int64))
    words: np.ndarray = field(default_factory=lambda: np.array([0, 0, -1, 0, 0, 0]))
    stop: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))
    x_rows: np.ndarray = field(default_factory=lambda: np.zeros((BATCH, 9), np.int64))
    y_rows: np.ndarray = field(default_factory=lambda: np.zeros(BATCH, np.int64))

    def epochs(self, **options: Any) -> Epochs:
        code = loaded(PROGRAM)
        table = np.array([0, self.cells.ctypes.data, 0, self.words.ctypes.data], np.uint64)
        at = self.words.ctypes.data
        chosen = {"loss": Loss(at, 8), "failed": at + 8, "stop": self.stop.ctypes.data} | options
        return make_epochs(
            code.address("step"),
            [RowSource(72, 2, self.x_rows.ctypes.data), RowSource(8, 0, self.y_rows.ctypes.data)],
            table,
            batch=BATCH,
            parts=self.parts,
            keep=[code, self],
            **chosen,
        )


@pytest.fixture(params=[1, 2, PARTS])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param)


STEPS = 7
X = np.arange(36 * 9).reshape(36, 9) ** 2
Y = np.arange(36)[::-1] * 3 + 1
ORDER = np.random.default_rng(4).permutation(36)


def expected(index: np.ndarray) -> list[int]:
    """The losses of all steps, one batch after the other of the rows in that order."""
    weights = 1000 * (np.arange(BATCH) + 1)
    batches = [index[s * BATCH :][:BATCH] for s in range(STEPS)]
    return [int(X[rows, 8].sum() + (Y[rows] * weights).sum()) for rows in batches]


IN_ORDER = np.arange(36)


@pytest.mark.parametrize("first, last", [(0, STEPS), (2, 5), (6, 7), (4, 4)])
@pytest.mark.parametrize("index", [None, ORDER], ids=["in place", "gathered"])
def test_each_step_sees_its_rows(
    stage: Stage, index: np.ndarray | None, first: int, last: int
) -> None:
    losses = np.full(STEPS + 1, -5)
    rows = [Rows(X, index), Rows(Y, index)]
    assert stage.epochs().run(rows, first, last, losses) == last - first
    found = expected(IN_ORDER if index is None else index)
    assert losses.tolist() == [found[s] if first <= s < last else -5 for s in range(STEPS)] + [-5]
    assert stage.words[3] == (stage.parts if first < last else 0)


def test_inputs_may_come_in_different_ways(stage: Stage) -> None:
    losses = np.zeros(STEPS, np.int64)
    epochs = stage.epochs()
    assert epochs.run([Rows(X[ORDER]), Rows(Y, ORDER)], 0, STEPS, losses) == STEPS
    assert losses.tolist() == expected(ORDER)
    assert not stage.x_rows.any()  # what lies in order is not copied
    losses.fill(0)
    assert epochs.run([Rows(X, ORDER), Rows(Y[ORDER])], 0, STEPS, losses) == STEPS
    assert losses.tolist() == expected(ORDER)


@pytest.mark.parametrize("bad", [0, 3, STEPS - 1])
def test_a_step_that_fails_is_the_last(stage: Stage, bad: int) -> None:
    losses = np.full(STEPS, -5)
    stage.words[2] = expected(ORDER)[bad]
    assert stage.epochs().run([Rows(X, ORDER), Rows(Y, ORDER)], 0, STEPS, losses) == bad + 1
    assert losses.tolist() == expected(ORDER)[: bad + 1] + [-5] * (STEPS - bad - 1)
    assert stage.words[4] == bad + 1


def test_without_a_word_for_failures_steps_go_on(stage: Stage) -> None:
    stage.words[2] = expected(IN_ORDER)[2]
    assert stage.epochs(failed=None, loss=None).run([Rows(X), Rows(Y)], 0, STEPS) == STEPS


def test_no_step_runs_once_the_stop_word_is_set(stage: Stage) -> None:
    stage.stop[0] = 1
    epochs = stage.epochs()
    assert epochs.run([Rows(X), Rows(Y)], 0, STEPS, np.zeros(STEPS, np.int64)) == 0
    assert stage.words[4] == 0
    stage.stop[0] = 0
    assert epochs.run([Rows(X), Rows(Y)], 0, STEPS, np.zeros(STEPS, np.int64)) == STEPS


def test_the_stop_word_stops_from_another_thread(stage: Stage) -> None:
    epochs = stage.epochs(loss=None)
    ran: list[int] = []

    def work() -> None:
        total = 0
        while not stage.stop[0]:
            total += epochs.run([Rows(X), Rows(Y)], 0, STEPS)
        ran.append(total)

    worker = threading.Thread(target=work)
    worker.start()
    while not stage.words[4]:
        time.sleep(0.001)
    stage.stop[0] = 1
    worker.join(20)
    assert ran[0] == stage.words[4] > 0


def test_other_calls_of_the_program_wait() -> None:
    code, turn, words = loaded(WAIT), Turn(), np.zeros((2, 8), np.int64)
    inside, flag = words
    table = np.array([inside.ctypes.data, flag.ctypes.data], np.uint64)
    epochs = make_epochs(code.address("step"), [], table, batch=1, keep=[code, words])
    entry = make_entry("step", code.address("step"), [], [inside, flag], turn=turn, keep=[code])
    order: list[str] = []

    def noted(name: str, call: Callable[[], object]) -> Callable[[], None]:
        return lambda: (call(), order.append(name))[1]

    runner = threading.Thread(
        target=noted("epochs", lambda: turn.spend(lambda: epochs.run([], 0, 1))), daemon=True
    )
    runner.start()
    while not inside[0]:  # which shows, too, that Python runs meanwhile
        time.sleep(0.001)
    inside[0] = 0
    caller = threading.Thread(target=noted("entry", entry), daemon=True)
    caller.start()
    time.sleep(0.02)
    assert not inside[0]
    assert not order
    flag[0] = 1
    runner.join(20)
    caller.join(20)
    assert sorted(order) == ["entry", "epochs"]
    assert inside[0] == 1


def test_a_step_costs_little_more_than_its_work() -> None:
    code = load([assemble("define void @step(ptr %t, i64 %p, i64 %n, ptr %b) {\n  ret void\n}\n")])
    loss, table = np.ones(1, np.float32), np.zeros(1, np.uint64)
    at = Loss(loss.ctypes.data, 4)
    epochs = make_epochs(code.address("step"), [], table, batch=1, loss=at, keep=[code])
    losses = np.zeros(20_000, np.float32)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        assert epochs.run([], 0, 20_000, losses) == 20_000
        best = min(best, (time.perf_counter() - start) / 20_000)
    assert losses.all()
    assert best < 500e-9  # measured: 13 ns


# What is refused.

LOSSES = np.zeros(STEPS, np.int64)
REFUSED: dict[str, tuple[list[Rows], tuple[int, int], np.ndarray | None, str]] = {
    "too few inputs": ([Rows(X)], (0, 2), LOSSES, "2 inputs need data, but 1 were given"),
    "steps that count down": ([Rows(X), Rows(Y)], (3, 2), LOSSES, "no steps from 3 to 2"),
    "other rows": (
        [Rows(X), Rows(X)],
        (0, 2),
        LOSSES,
        "input 1 takes rows of 8 bytes, not 72 (int64[36, 9])",
    ),
    "too few rows": ([Rows(X), Rows(Y[:29].copy())], (0, 6), LOSSES, "input 1 has 29 rows, but 30"),
    "a short index": ([Rows(X, ORDER[:9]), Rows(Y)], (0, 2), LOSSES, "input 0 has 9 rows, but 10"),
    "a strided base": ([Rows(X[::2]), Rows(Y)], (0, 2), LOSSES, "it must be C-contiguous"),
    "no losses": (
        [Rows(X), Rows(Y)],
        (0, 2),
        None,
        "of 2 steps need a writable C-contiguous array",
    ),
    "few losses": ([Rows(X), Rows(Y)], (0, 7), LOSSES[:6], "56 bytes (8 for each), not 48"),
}


@pytest.mark.parametrize("rows, steps, losses, complaint", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(
    rows: list[Rows], steps: tuple[int, int], losses: np.ndarray | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Stage(1).epochs().run(rows, *steps, losses)


def test_an_index_that_leads_outside_is_refused() -> None:
    outside = np.array([3, 5, 1, 36, 2])
    with pytest.raises(IndexError, match=r"index\[3\] is 36, but there are 36 rows"):
        Stage(1).epochs().run([Rows(X, outside), Rows(Y)], 0, 1, LOSSES)


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"batch": 0}, "steps of 0 rows in 1 parts"),
        ({"parts": 0}, "in 0 parts cannot be run"),
        ({"table": np.zeros(4, np.int64)}, "array of uint64, not of int64"),
        ({"inputs": [RowSource(8, 4, 0)]}, "input 0 is entry 4 of a table of 4 entries"),
        ({"inputs": [RowSource(0, 1, 0)]}, "input 0 has rows of 0 bytes"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(options: dict[str, Any], complaint: str) -> None:
    given = {
        "inputs": [],
        "table": np.zeros(4, np.uint64),
        "batch": 2,
        "parts": 1,
    } | options
    inputs, table = given.pop("inputs"), given.pop("table")
    with pytest.raises(ValueError, match=complaint):
        make_epochs(8, inputs, table, **given)
