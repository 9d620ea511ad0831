"""A program that notes when each of its kernels begins and ends, on each thread: the same step with a clock in it.

The notes lie in memory of their own; reading the clock costs some 20 nanoseconds, which is measured and taken off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..aligned import aligned_copy, aligned_empty
from ..backends.cpu.program import Planned
from ..backends.cpu.step import step_text
from ..runtime import pool
from ..runtime.assemble import assemble
from ..runtime.program import Bound, Program
from .clock_ir import LINES, NOW

Array = np.ndarray[Any, Any]

NOTES = "tapeout_notes"
_NOTE = """
@$notes = external global i64
define internal void @note(i64 %part, i64 %at) noinline {
  %now = call i64 @now()
  %row = mul i64 %part, $width
  %place = add i64 %row, %at
  %to = getelementptr i64, ptr @$notes, i64 %place
  store i64 %now, ptr %to
  ret void
}
"""


class Notes:
    """The code of the notes: of all calls, or of the step as a whole only."""

    def __init__(self, calls: int, each: bool) -> None:
        self.calls = calls
        self.each = each
        self.width = -(-2 * (calls + 1) // LINES) * LINES

    def declarations(self) -> Iterator[str]:
        yield NOW
        yield _NOTE.replace("$notes", NOTES).replace("$width", str(self.width))

    def note(self, number: int, end: bool, part: str) -> Iterator[str]:
        if self.each or number == self.calls:
            yield f"  call void @note(i64 {part}, i64 {2 * number + end})"


class Watched:
    """A program with notes, on copies of its inputs and of its state."""

    def __init__(
        self,
        planned: Planned,
        inputs: Sequence[Array],
        state: Sequence[Array],
        threads: int | None,
        each: bool,
    ) -> None:
        notes = Notes(len(planned.calls), each)
        fresh = sum(r.into is None for r in planned.artifact.results)
        step = assemble(step_text(planned.calls, planned.memory, fresh, notes))
        artifact = replace(planned.artifact, objects=(*planned.artifact.objects[:-1], step))
        at_most = pool.get_num_threads()
        self.parts = min(artifact.parts, at_most, threads or at_most)
        self._notes = aligned_empty((self.parts, notes.width), np.int64)
        program = Program(artifact, {NOTES: self._notes.ctypes.data})
        self.inputs = [aligned_copy(array) for array in inputs]
        self.bound = Bound(program, [aligned_copy(array) for array in state], self.parts)
        self._call = self.bound.function(None)
        self.calls = notes.calls

    def run(self) -> tuple[Array, int]:
        """One step: its notes, [part, call, begin or end] in nanoseconds, and what the call took from Python.

        A part that had nothing to do with a call has noted 0 for it. The step as a whole comes after the calls.
        """
        self._notes.fill(0)
        start = time.perf_counter_ns()
        self._call(*self.inputs)
        taken = time.perf_counter_ns() - start
        self.bound.check()
        noted = self._notes[: self.parts, : 2 * (self.calls + 1)].copy()
        return noted.reshape(self.parts, self.calls + 1, 2), taken


def runs(watched: Watched, steps: int) -> tuple[Array, Array]:
    """The notes and the times of so many steps, after a few that do not count."""
    for _ in range(max(2, steps // 10)):
        watched.run()
    notes, taken = zip(*(watched.run() for _ in range(steps)), strict=True)
    return np.stack(notes), np.array(taken)
