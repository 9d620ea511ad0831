"""Both ways to shuffle do the same swaps."""

from __future__ import annotations

import numpy as np
import pytest

from tapeout.ir.random.shuffle import SHORT, at_once, in_turn, shuffled


def steps(count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.array([generator.integers(i, count + 1) for i in range(count)], np.int64)


@pytest.mark.parametrize("count", [*range(7), 30, 400, 3000])
def test_all_at_once_is_step_by_step(count: int) -> None:
    for seed in range(5):
        targets = steps(count, seed)
        expected = in_turn(targets)
        found = at_once(targets)
        assert found.dtype == expected.dtype == np.int64
        np.testing.assert_array_equal(found, expected)
        assert sorted(found.tolist()) == list(range(count + 1))


@pytest.mark.parametrize(
    "targets",
    [[0, 1, 2], [3, 3, 3], [1, 2, 3], [2, 2, 2], [3, 1, 3], [1, 1, 3]],
    ids=str,
)
def test_steps_that_meet(targets: list[int]) -> None:
    """Nothing moves, all meet at the end, one place after another, and so on."""
    steps = np.array(targets, np.int64)
    assert at_once(steps).tolist() == in_turn(steps).tolist()


@pytest.mark.parametrize("count", [SHORT - 1, SHORT])
def test_short_and_long(count: int) -> None:
    targets = steps(count, 3)
    assert shuffled(targets).tolist() == in_turn(targets).tolist()
