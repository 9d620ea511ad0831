"""Many steps over data in memory: batches, epochs, shuffling. What a training loop is, in one call.

Where a program leaves nothing to be done between two steps, native code runs them in chunks; a chunk is short, so that
an interrupt comes through, and finds a whole number of steps done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from ..tracer.location import blame, type_shown
from ..tracer.random import Generator, randperm
from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor
from ..tracer.var import Array
from .data import Batches, positive
from .epochs import Steps, native_steps
from .program import Program
from .progress import Line

CHUNK = 0.05
"""Seconds that native code runs before Python may do something else."""


class Plan(NamedTuple):
    """The options of `over`."""

    batch_size: int
    shuffle: bool
    epochs: int
    generator: Generator | None
    drop_last: bool
    progress: bool


def over(
    step: Callable[..., Any],
    lock: AbstractContextManager[Any],
    program_for: Callable[..., Program],
    data: Sequence[Any],
    plan: Plan,
) -> Tensor:
    """The losses of all steps."""
    batches = Batches(data, plan.batch_size, plan.drop_last)
    losses: list[Array] = []
    for epoch in range(1, positive("epochs", plan.epochs) + 1):
        order = _order(batches.rows, plan)
        line = Line(epoch, plan.epochs, batches.count) if plan.progress else None
        for found in _epoch(step, lock, program_for, batches, order):
            losses.append(found)
            if line:
                line.update(found)
        if line:
            line.finish()
    return eager_tensor(np.concatenate(losses))


def _order(rows: int, plan: Plan) -> Array | None:
    return array_of(randperm(rows, generator=plan.generator), "over()") if plan.shuffle else None


def _epoch(
    step: Callable[..., Any],
    lock: AbstractContextManager[Any],
    program_for: Callable[..., Program],
    batches: Batches,
    order: Array | None,
) -> Iterator[Array]:
    """The losses of an epoch, as they come."""
    done = 0
    for losses in _chunks(lock, program_for, batches, order):
        yield losses
        done += len(losses)
    for args in batches.after(done, order):
        yield _loss(step(*args)).reshape(1)


def _chunks(
    lock: AbstractContextManager[Any],
    program_for: Callable[..., Program],
    batches: Batches,
    order: Array | None,
) -> Iterator[Array]:
    """The losses of the whole batches, run in chunks by native code. The lock is held while one runs."""
    done, size = 0, 1
    while done < batches.whole:
        with lock:
            steps = _steps(program_for, batches)
            if steps is None:
                return
            last = min(done + size, batches.whole)
            start = time.perf_counter()
            losses = steps.run(order, done, last)
            seconds = time.perf_counter() - start
        yield losses
        done, size = last, max(1, min(16 * size, int(size * CHUNK / max(seconds, 1e-9))))


def _steps(program_for: Callable[..., Program], batches: Batches) -> Steps | None:
    """The program as native steps: those of the last time, unless something has changed."""
    example = batches.first()
    program = program_for(*example)
    tensors = batches.tensors(example)
    held = batches.steps
    if held is None or held.program is not program or held.memory is not program.bound(tensors):
        held = batches.steps = native_steps(program, batches.arrays, batches.size, tensors)
    return held


def _loss(returned: Any) -> Array:
    """What a step returned, as a number."""
    if not isinstance(returned, Tensor) or returned.shape:
        shape = f"a tensor of shape {list(returned.shape)}" if isinstance(returned, Tensor) else ""
        raise blame(
            TypeError(
                "over() takes a function that returns one loss, a 0-dim tensor; it returned "
                f"{shape or type_shown(returned)}. Add up what else there is to know in a tensor of its own, or "
                "call it batch by batch"
            )
        )
    return array_of(returned, "over()")
