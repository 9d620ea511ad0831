"""Running a Func: arguments are checked, named dimensions take their sizes from them."""

from __future__ import annotations

import numpy as np
import pytest

from tapeout import ir

ROWS = """func f(%x: f32[n,3], %y: f32[n]) {
  %z: f32[n] = sum(%x, dims=[1])
  %w: f32[n] = add(%z, %y)
  return %w
}
"""


@pytest.mark.parametrize("n", [1, 2, 5])
def test_named_dimensions_are_bound_by_the_arrays(n: int) -> None:
    x = np.arange(3 * n).reshape(n, 3)
    (found,) = ir.run(ir.verify(ir.parse(ROWS)), x, np.arange(n) * 100)
    np.testing.assert_array_equal(found, x.sum(1) + np.arange(n) * 100)


def test_a_named_dimension_has_one_size() -> None:
    with pytest.raises(
        ir.ShapeError, match=r"%y is f32\[n\] with n=2, but the array has shape \[4\]"
    ):
        ir.run(ir.parse(ROWS), np.zeros((2, 3)), np.zeros(4))


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(ir.ShapeError, match=r"%x is f32\[n,3\].*but the array has shape \[2, 4\]"):
        ir.run(ir.parse(ROWS), np.zeros((2, 4)), np.zeros(2))


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(ir.IRError, match=r"f takes 2 arguments \(%x, %y\), not 1"):
        ir.run(ir.parse(ROWS), np.zeros((2, 3)))


def test_a_fused_instruction_runs_its_body() -> None:
    text = """func f(%x: f64[2,3], %w: f64[4,3], %b: f64[4]) {
  %y: f64[2,4] = linear_tanh(%x, %w, %b) {
    %a: f64[2,4] = linear(%x, %w, %b)
    yield tanh(%a)
  }
  return %y
}
"""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3)), rng.standard_normal((4, 3)), rng.standard_normal(4)
    (found,) = ir.run(ir.verify(ir.parse(text)), x, w, b)
    np.testing.assert_allclose(found, np.tanh(x @ w.T + b), rtol=1e-12)


def test_a_body_may_yield_several_values() -> None:
    text = """func f(%x: f64[3], %y: f64[3]) {
  %s: f64[3], %d: f64[3] = both(%x, %y) {
    %0: f64[3] = add(%x, %y)
    %1: f64[3] = sub(%x, %y)
    yield %0, %1
  }
  return %s, %d
}
"""
    func = ir.verify(ir.parse(text))
    assert str(func) == text
    s, d = ir.run(func, np.array([5.0, 6, 7]), np.array([1.0, 2, 4]))
    assert (s.tolist(), d.tolist()) == ([6, 8, 11], [4, 4, 3])


def test_random_draws_move_the_state_on() -> None:
    text = """func f(%rng: i32[630]) {
  %u: f32[3], %mid: i32[630] = random_uniform(%rng, shape=[3])
  %v: f32[3], %end: i32[630] = random_uniform(%mid, shape=[3])
  return %u, %v, %end as %rng
}
"""
    func = ir.verify(ir.parse(text))
    state = ir.ops.random.SEEDED.array()
    u, v, end = ir.run(func, state)
    stream = ir.ops.random.stream_of(state)
    np.testing.assert_array_equal(np.concatenate([u, v]), stream.uniform((6,)))
    np.testing.assert_array_equal(end, ir.ops.random.state_of(stream))
