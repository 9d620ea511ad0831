"""Many steps without going back to Python: a program that runs over rows of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..aligned import aligned_empty
from ..runtime.epochs import Epochs, Loss, Rows, RowSource, make_epochs
from ..runtime.program import STEP, Bound
from ..tracer.var import Array
from .fast import leaves_only_results
from .memory import Memory, refuse_argument
from .plan import Made
from .program import Program


class Steps:
    """A program that takes its arguments from the rows of arrays, and leaves one number in each step."""

    def __init__(
        self, program: Program, memory: Memory, arrays: Sequence[Array], size: int
    ) -> None:
        self.program = program
        self.memory = memory
        self.arrays = arrays
        self.bound: Bound = memory.bound
        self.loss: Array = self.bound.results[0]
        kind = (size, *((a.shape[1:], a.dtype) for a in arrays))
        if kind not in memory.epochs:
            memory.epochs[kind] = self._made(size)
        self._epochs: Epochs = memory.epochs[kind]

    def run(self, order: Array | None, first: int, last: int) -> Array:
        """The losses of some steps. The rows are taken in this order, if it is not the one they lie in."""
        losses = np.empty(last, self.loss.dtype)
        rows = [Rows(a, order) for a in self.arrays]
        self.program.caller.turn.spend(lambda: self._in_turn(rows, first, last, losses))
        self.program.leave([], [])
        return losses[first:]

    def _in_turn(self, rows: list[Rows], first: int, last: int, losses: Array) -> None:
        self.memory.before()
        self.program.runs.count += last - first
        self.bound.status.fill(0)
        self._epochs.run(rows, first, last, losses)
        self.bound.check()
        self.memory.after()

    def _made(self, size: int) -> Epochs:
        bound = self.bound
        buffers = [aligned_empty((size, *a.shape[1:]), a.dtype) for a in self.arrays]
        table = np.array([a.ctypes.data for a in (*buffers, *bound.fixed)], np.uint64)
        return make_epochs(
            bound.program.library.address(STEP),
            [
                RowSource(buffer.nbytes // size, place, buffer.ctypes.data)
                for place, buffer in enumerate(buffers)
            ],
            table,
            batch=size,
            parts=bound.parts,
            loss=Loss(self.loss.ctypes.data, self.loss.itemsize),
            failed=bound.status.ctypes.data,
            keep=[bound, *buffers],
        )


def native_steps(
    program: Program, arrays: Sequence[Array], size: int, like: Sequence[Any]
) -> Steps | None:
    """The program as steps over the rows of arrays, if nothing is to be done between them."""
    plan = program.plan
    if (
        not leaves_only_results(plan)
        or program.structure != 0
        or not isinstance(plan.returned[0], Made)
    ):
        return None
    memory = program.bound(like)
    bound = memory.bound
    if not isinstance(bound, Bound) or bound.results[0].shape or any(a.nbytes == 0 for a in arrays):
        return None
    for place, array in enumerate(arrays):
        refuse_argument(place, array, memory)
    return Steps(program, memory, arrays, size)
