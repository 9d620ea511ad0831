"""A compiled program in memory, and what it is when its state has been bound to it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..aligned import aligned_empty, arena
from . import pool
from .arguments import Argument, is_exact
from .artifact import Artifact
from .entry import make_entry
from .loader import Library, load
from .pool_ir import BARRIER_BYTES
from .turns import Turn

Array = np.ndarray[Any, Any]
STEP, REGION = "step", "region"


ERRORS = {error.__name__: error for error in (IndexError, ValueError)}
"""What a program may raise when it meets values that it cannot work with."""


class Program:
    """The code, loaded."""

    def __init__(self, artifact: Artifact, imports: Mapping[str, int] | None = None) -> None:
        self.artifact = artifact
        given = {**pool.symbols(), **(imports or {})}
        self.library: Library = load(artifact.objects, [STEP, REGION], given)

    @property
    def parts(self) -> int:
        """How many threads are worth while."""
        return self.artifact.parts

    def bind(self, state: Sequence[Array], threads: int | None = None) -> Bound:
        """The program with the arrays that its last arguments are from now on; it updates them in place."""
        return Bound(self, list(state), threads)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """All results for these arguments, none of which changes."""
        given = [_ready(a, array) for a, array in zip(self.artifact.arguments, arrays, strict=True)]
        fresh = iter(self.bind([], 1).run(given))
        return [given[r.into] if r.into is not None else next(fresh) for r in self.artifact.results]


class Bound:
    """A program with its own results, arena and status, and the state that it works on.

    `results` are overwritten by every run.
    """

    def __init__(self, program: Program, state: list[Array], threads: int | None) -> None:
        made = program.artifact
        self.program = program
        self.inputs = made.arguments[: len(made.arguments) - len(state)]
        self.state = state
        self.parts = min(made.parts, threads or pool.get_num_threads())
        self.results = [aligned_empty(r.shape, r.dtype) for r in made.results if r.into is None]
        self.arena = arena(made.arena_bytes + self.parts * made.scratch_bytes)
        self.status = np.zeros(1 + 2 * len(made.complaints), np.int64)
        for argument, array in zip(made.arguments[len(self.inputs) :], state, strict=True):
            _check_state(made.name, argument, array)
        self.fixed = [*state, *self.results, self.arena, self.status]
        addresses = [0] * len(self.inputs) + [array.ctypes.data for array in self.fixed]
        self._frame = _frame(addresses)
        self._run = _region_of(program.library)
        self._turn = Turn()

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The results for these inputs, in new arrays. Raises what the program refuses."""
        return self._turn.spend(lambda: self._run_once(inputs))

    def _run_once(self, inputs: Sequence[Array]) -> list[Array]:
        self.status.fill(0)  # an interrupt may have kept the last run's from being looked at
        self._frame[1][: len(self.inputs)] = [array.ctypes.data for array in inputs]
        self._run(self._frame[0].ctypes.data, self.parts)
        self.check()
        return [result.copy() for result in self.results]

    def check(self) -> None:
        """Raise what the last run refused."""
        failed = int(self.status[0])
        if failed:
            number = int(self.status[2 * failed])
            self.status[:] = 0
            kind, text = self.program.artifact.complaints[failed - 1]
            raise ERRORS[kind](text.format(number))

    def function(
        self, finish: Callable[[], object] | None, keep: Sequence[object] = (), **options: Any
    ) -> Callable[..., Any]:
        """The program as a builtin function of its inputs; see `make_entry` for the options."""
        return make_entry(
            self.program.artifact.name,
            self.program.library.address(STEP),
            self.inputs,
            self.fixed,
            finish=finish,
            parts=self.parts,
            keep=[self.program.library, *keep],
            **options,
        )


def _ready(argument: Argument, array: Array) -> Array:
    """The array as the program wants it: of its dtype, in row order, and its own to write to."""
    if array.shape != argument.shape:
        raise ValueError(f"the program takes {argument}, not an array of shape {list(array.shape)}")
    if argument.writable:
        return np.array(array, argument.dtype, order="C")
    return np.require(array, argument.dtype, ["C_CONTIGUOUS", "ALIGNED"])


def _check_state(name: str, argument: Argument, array: Array) -> None:
    if not is_exact(argument, array):
        raise ValueError(
            f"{name}: the state {argument} must be a C-contiguous, aligned"
            f"{', writable' * argument.writable} array, not {array.dtype}{list(array.shape)} "
            f"with strides {array.strides}"
        )


def _frame(addresses: list[int]) -> tuple[Array, Array]:
    """What a region gets: room for the barrier, then the table."""
    words = BARRIER_BYTES // 8
    frame = aligned_empty((words + len(addresses),), np.uint64)
    frame[:words] = 0
    frame[words:] = addresses
    return frame, frame[words:]


def _region_of(library: Library) -> Callable[[int, int], None]:
    """Runs the step on a frame, in parts."""
    address = library.address(REGION)
    alone = library.function(REGION, None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

    def run(frame: int, parts: int) -> None:
        if parts == 1:
            alone(frame, 0, 1)
        else:
            pool.run(address, frame, parts)

    return run
