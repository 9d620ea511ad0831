"""Whole steps: the same bits for any number of threads, nothing read from memory that was not written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

import tapeout
from tapeout import ir, nn, optim
from tapeout.backends.cpu import Program
from tapeout.ir.pipeline import passes_by_name, run_passes
from tapeout.runtime import pool

FUSED = passes_by_name("undetach,simplify,cse,dce,fuse")


def traced_step(sizes: Sequence[int], batch: int) -> tuple[ir.Func, list[np.ndarray]]:
    """A training step of a classifier, and the arrays to run it on."""
    tapeout.manual_seed(1)
    layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.Tanh())]
    model = nn.Sequential(*layers[:-1])
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(x: tapeout.Tensor, y: tapeout.Tensor) -> tapeout.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    x, y = tapeout.randn(batch, sizes[0]), tapeout.randint(0, sizes[-1], (batch,))
    made = tapeout.trace_program(step, x, y)
    arrays = [t.detach().numpy().copy() for t in (x, y, *(s.tensor for s in made.state))]
    return run_passes(made.func, FUSED), arrays


@pytest.fixture(scope="module")
def step() -> tuple[Program, list[np.ndarray]]:
    func, arrays = traced_step([130, 70, 33, 6], 190)
    return Program(func), arrays


def after(program: Program, arrays: list[np.ndarray], threads: int, steps: int = 5) -> list[bytes]:
    """Losses and final state of some steps."""
    state = [a.copy() for a in arrays[2:]]
    bound = program.bind(state, threads)
    losses = [bound.run(arrays[:2])[0].tobytes() for _ in range(steps)]
    return losses + [s.tobytes() for s in state]


def test_any_number_of_threads_gives_the_same_bits(
    step: tuple[Program, list[np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    program, arrays = step
    assert program.artifact.parts >= 4
    before = pool.get_num_threads()
    try:
        pool.set_num_threads(4)
        alone = after(program, arrays, 1)
        for threads in (2, 3, 4):
            assert program.bind([a.copy() for a in arrays[2:]], threads).parts == threads
            assert after(program, arrays, threads) == alone
    finally:
        pool.set_num_threads(before)


def test_nothing_is_read_before_it_is_written(
    step: tuple[Program, list[np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    program, arrays = step
    clean = after(program, arrays, 2)
    monkeypatch.setenv("TAPEOUT_POISON", "1")
    assert after(program, arrays, 2) == clean


def test_a_step_means_what_the_interpreter_means(step: tuple[Program, list[np.ndarray]]) -> None:
    program, arrays = step
    for found, expected in zip(program(arrays), ir.run(program.func, *arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-5)


def test_gradients_are_never_stored(step: tuple[Program, list[np.ndarray]]) -> None:
    """The arena has room for activations and their gradients, and not for a weight's gradient besides."""
    program, _ = step
    assert program.artifact.arena_bytes < 4 * 190 * (2 * 70 + 2 * 33 + 2 * 6) + 4096
    names = [c.kernel.name for c in program.calls if c.results == 3]
    assert sorted(names) == 3 * ["fused_matmul_addcmul"] + 3 * ["fused_sum_addcmul"]


def test_a_small_step_is_for_one_thread() -> None:
    func, _ = traced_step([5, 4, 3], 7)
    assert Program(func).artifact.parts == 1
