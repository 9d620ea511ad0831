"""Properties of random programs: the text round-trips, and no pipeline changes what a program computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeout import ir
from tapeout.ir.pipeline import passes_by_name, run_passes, verifying

UNARY = ["neg", "abs", "tanh", "sigmoid", "exp", "relu", "sin", "erf", "floor"]
BINARY = ["add", "sub", "mul", "maximum", "minimum", "clamp_min"]
PASS_NAMES = ["simplify", "cse", "dce", "fuse", "undetach"]
SHAPES = [(), (3,), (2, 3), (2, 1), (4, 2, 3)]


@st.composite
def programs(draw: st.DrawFn) -> ir.Func:
    """Straight-line programs over float64 tensors of a few shapes that broadcast together."""
    b = ir.FuncBuilder("random")
    types = [ir.TensorType(ir.dtypes.float64, draw(st.sampled_from(SHAPES))) for _ in range(3)]
    values: list[ir.Value] = [b.arg(f"x{i}", t) for i, t in enumerate(types)]
    for _ in range(draw(st.integers(1, 12))):
        values.append(draw(st.sampled_from(STEPS))(draw, b, values))
    return b.finish(draw(st.lists(st.sampled_from(values), min_size=1, max_size=3)))


def unary(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    return getattr(b, draw(st.sampled_from(UNARY)))(draw(st.sampled_from(values)))


def binary(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    x = draw(st.sampled_from(values))
    y = draw(st.sampled_from([*values, 0.0, 1.0, -1.0, 2.5]))
    return getattr(b, draw(st.sampled_from(BINARY)))(x, y)


def reduction(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    x = draw(st.sampled_from(values))
    dims = tuple(
        sorted(draw(st.sets(st.integers(0, 2)).map(lambda s: {d for d in s if d < x.type.rank})))
    )
    return getattr(b, draw(st.sampled_from(["sum", "mean", "amax"])))(x, dims=dims, keepdim=True)


def shuffle(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    x = draw(st.sampled_from(values))
    order = tuple(draw(st.permutations(range(x.type.rank))))
    there = b.permute(b.reshape(x, shape=x.type.shape), dims=order)
    return b.permute(there, dims=tuple(order.index(i) for i in range(len(order))))


def softmax(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    x = draw(st.sampled_from(values))
    return b.softmax(x, dim=x.type.rank - 1) if x.type.rank else b.tanh(x)


def running(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    x = draw(st.sampled_from(values))
    return b.cumsum(x, dim=x.type.rank - 1) if x.type.rank else b.neg(x)


def narrow(draw: st.DrawFn, b: ir.Builder, values: list[ir.Value]) -> ir.Value:
    """One place along a dimension, which still broadcasts."""
    x = draw(st.sampled_from([v for v in values if v.type.rank] or values))
    if not x.type.rank:
        return b.neg(x)
    dim = draw(st.integers(0, x.type.rank - 1))
    start = draw(st.integers(0, x.type.static_shape[dim] - 1))
    return b.slice(x, dim=dim, start=start, stop=start + 1)


STEPS = [unary, unary, binary, binary, binary, reduction, shuffle, softmax, running, narrow]


@st.composite
def updating(draw: st.DrawFn) -> ir.Func:
    """Random programs whose results may replace arguments, in any order."""
    func = draw(programs())
    values = [*func.args, *(r for i in func.body for r in i.results)]
    results = list(func.results)
    for arg in draw(st.permutations(func.args)):
        fitting = [v for v in values if v.type == arg.type]
        if draw(st.booleans()):
            results.append(ir.Result(draw(st.sampled_from(fitting)), arg))
    return replace(func, results=tuple(draw(st.permutations(results))))


def arguments(func: ir.Func) -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    return [rng.uniform(-2, 2, a.type.shape) for a in func.args]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(programs())
def test_text_round_trips(func: ir.Func) -> None:
    text = str(ir.verify(func))
    assert str(ir.verify(ir.parse(text))) == text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs(), st.lists(st.sampled_from(PASS_NAMES), min_size=1, max_size=5))
def test_passes_keep_the_meaning(func: ir.Func, names: list[str]) -> None:
    after = run_passes(func, passes_by_name(",".join(names)), verifying)
    assert str(ir.parse(str(after))) == str(after)
    xs = arguments(func)
    with np.errstate(all="ignore"):
        for a, b in zip(ir.run(func, *xs), ir.run(after, *xs), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(programs())
def test_the_gradient_of_a_simplified_program_is_the_same(func: ir.Func) -> None:
    b = ir.FuncBuilder("loss", func.args)
    b.body = list(func.body)
    first = func.results[0].value
    loss = b.sum(first, dims=tuple(range(first.type.rank)))
    whole = b.finish([loss])
    xs = arguments(whole)
    with np.errstate(all="ignore"):
        plain = ir.run(run_passes(whole, passes_by_name("grad"), verifying), *xs)
        after = ir.run(
            run_passes(whole, passes_by_name("grad,simplify,cse,dce,fuse"), verifying), *xs
        )
    for a, c in zip(plain, after, strict=True):
        np.testing.assert_allclose(c, a, rtol=1e-9, atol=1e-9)
