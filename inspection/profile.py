"""Where the time of a step goes: every kernel by the clock, and against what the machine can do at most.

    found = profile(record, inputs, state)
    print(found)
    found.save_trace("step.json"), found.save_plot("step.svg")

The program runs twice on copies of its inputs and of its state: once with a clock around every kernel, and once with
a clock around the step as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import profile_plot, profile_table, profile_trace
from .limits import Level, Limits, limits
from .record import Call, Record
from .watch import Watched, runs

Array = np.ndarray[Any, Any]
Log = np.ndarray[Any, Any]


class Timed(NamedTuple):
    """One call of a kernel. `seconds` is how long its slowest thread works, the median over the steps."""

    call: Call
    kernel: str
    seconds: float
    threads: int
    """How many threads share it."""
    dtype: str
    limits: Limits
    """Those of so many threads."""

    @property
    def level(self) -> Level:
        """The nearest memory that holds all that it touches."""
        return self.limits.level(self.call.bytes)

    @property
    def least(self) -> float:
        """The seconds that the machine's limits allow."""
        return self.limits.seconds(self.call.flops, self.call.bytes, self.dtype)

    @property
    def bound(self) -> str:
        """What limits it: computing, or the memory that its bytes fit in."""
        computing = self.call.flops / self.limits.flops[self.dtype]
        moving = self.call.bytes / self.level.bandwidth
        return "compute" if computing > moving else self.level.name

    @property
    def flops_a_second(self) -> float:
        return self.call.flops / self.seconds

    @property
    def bytes_a_second(self) -> float:
        return self.call.bytes / self.seconds

    @property
    def of_limit(self) -> float:
        """The share of what the machine could do."""
        return self.least / self.seconds


class Profile:
    """What was measured. `print` shows the table."""

    def __init__(
        self, name: str, timed: Sequence[Timed], log: Log, step: float, call: float, limits: Limits
    ) -> None:
        self.name = name
        self.timed = list(timed)
        self.log = log
        """[step, thread, call, begin or end] in nanoseconds; the step as a whole is the last call."""
        self.step = step
        """Seconds of a step, without clocks around its kernels."""
        self.call = call
        """Seconds of a call from Python."""
        self.limits = limits

    @property
    def steps(self) -> int:
        return len(self.log)

    @property
    def threads(self) -> int:
        return self.limits.threads

    @property
    def kernels(self) -> float:
        """Seconds that the kernels take together."""
        return sum(t.seconds for t in self.timed)

    @property
    def between(self) -> float:
        """Seconds of a step in which no kernel runs: calling them, waiting for other threads."""
        return max(self.step - self.kernels, 0.0)

    @property
    def calling(self) -> float:
        """Seconds that a call takes besides the step: checking its arguments, waking threads."""
        return max(self.call - self.step, 0.0)

    def hottest(self) -> list[Timed]:
        """The calls, the longest first."""
        return sorted(self.timed, key=lambda t: -t.seconds)

    def __str__(self) -> str:
        return profile_table.table(self)

    def __repr__(self) -> str:
        return f"<profile of {self.name}: {self.steps} steps of {self.step * 1e6:.1f} µs>"

    def _repr_html_(self) -> str:
        return self.svg()

    def data(self) -> dict[str, Any]:
        """The figures as plain data."""
        return profile_table.data(self)

    def trace(self) -> dict[str, Any]:
        """All steps on a time line, in the format of chrome://tracing and Perfetto."""
        return profile_trace.trace(self)

    def svg(self) -> str:
        """The kernels under the machine's roofs, and their shares of the time."""
        return profile_plot.plot(self)

    def save_trace(self, path: str | Path) -> None:
        """Write the time line, to be opened at ui.perfetto.dev or chrome://tracing."""
        Path(path).write_text(profile_trace.text(self), encoding="utf-8")

    def save_plot(self, path: str | Path) -> None:
        """Write the plot as SVG."""
        Path(path).write_text(self.svg(), encoding="utf-8")


def profile(
    record: Record,
    inputs: Sequence[Array],
    state: Sequence[Array] = (),
    steps: int = 100,
    threads: int | None = None,
) -> Profile:
    """Run a recorded program's step that often. Its last arguments are the state, which it keeps in copies."""
    for what, count in (("steps", steps), ("threads", 1 if threads is None else threads)):
        if type(count) is not int or count < 1:
            raise ValueError(f"profile(): {what} is an int of 1 or more, not {count!r}")
    given, wanted = len(inputs) + len(state), len(record.program.func.args)
    if given != wanted:
        raise ValueError(
            f"profile(): {record.name} has {wanted} arguments, and {len(inputs)} inputs with {len(state)} arrays "
            "of state were given"
        )
    each = Watched(record.program, inputs, state, threads, each=True)
    log, _ = runs(each, steps)
    whole, called = runs(Watched(record.program, inputs, state, threads, each=False), steps)
    step = float(np.median(whole[:, 0, -1, 1] - whole[:, 0, -1, 0])) * 1e-9
    counts = {sharing(log, number) for number in range(each.calls)} | {each.parts}
    known = {count: limits(count) for count in counts}
    tick = clock(log)
    timed = [_timed(record, log, number, tick, known) for number in range(each.calls)]
    call = float(np.median(called)) * 1e-9
    return Profile(record.name, timed, log, step, call, known[each.parts])


def _timed(
    record: Record, log: Log, number: int, tick: float, known: Mapping[int, Limits]
) -> Timed:
    call, kernel = record.calls[number], record.program.calls[number].kernel
    dtype = "f64" if any(d.name == "f64" for d in kernel.buffers) else "f32"
    threads = sharing(log, number)
    return Timed(call, kernel.name, taken(log, number, tick), threads, dtype, known[threads])


def sharing(log: Log, number: int) -> int:
    """How many threads have a part in a call."""
    return int((log[0, :, number, 0] > 0).sum())


def taken(log: Log, number: int, tick: float) -> float:
    """The seconds that the slowest thread works on a call, the median over the steps, without the clock's own."""
    begin, end = log[:, :, number, 0], log[:, :, number, 1]
    slowest = float(np.median((end - begin).max(axis=1)))
    return max(slowest - tick, 1.0) * 1e-9


def clock(log: Log) -> float:
    """Nanoseconds that reading the clock takes: the shortest time from one note to the next with nothing between."""
    own = log[:, 0]
    ends = np.concatenate([own[:, -1:, 0], own[:, :-1, 1]], axis=1)
    begins = np.concatenate([own[:, :-1, 0], own[:, -1:, 1]], axis=1)
    return float(np.median(begins - ends, axis=0).min())
