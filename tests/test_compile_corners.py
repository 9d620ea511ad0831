"""Compiled functions at the edges of what tensors can be: nothing in them, pieces of results, mixed dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout as t
import tapeout.nn.functional as F

F32 = t.float32


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        for a, b in zip(found, expected, strict=True):
            same(a, b)
        return
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)


def agrees(function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
    t.manual_seed(4)
    xs = [t.randn(*shape) for shape in shapes]
    same(t.compile(function)(*xs), function(*xs))


@pytest.mark.parametrize(
    "function, shapes",
    [
        pytest.param(lambda a, b: a @ b, [(2, 3, 0), (2, 0, 4)], id="no terms"),
        pytest.param(lambda a, b: a @ b, [(0, 3), (3, 4)], id="no rows"),
        pytest.param(lambda x: x.max(dim=1), [(0, 3)], id="max"),
        pytest.param(lambda x: x.median(dim=1), [(0, 3)], id="median"),
        pytest.param(lambda x: x.softmax(0), [(0, 3)], id="softmax"),
        pytest.param(lambda x: x.softmax(1), [(2, 0, 3)], id="softmax between"),
        pytest.param(lambda x: x.sum(0), [(0, 3)], id="sum"),
        pytest.param(lambda x: x.sort(dim=1), [(0, 5)], id="sort"),
        pytest.param(lambda x: x.cumsum(0), [(0, 5)], id="cumsum"),
        pytest.param(lambda x: t.cat([x, x], 1), [(0, 5)], id="cat"),
        pytest.param(lambda x: F.layer_norm(x, (5,)), [(0, 5)], id="layer_norm"),
        pytest.param(lambda x: x.T.reshape(5, 0).tanh(), [(0, 5)], id="reshape"),
    ],
)
def test_empty_tensors(function: Callable[..., Any], shapes: list[tuple[int, ...]]) -> None:
    agrees(function, *shapes)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_loss_and_its_gradient_over_few_rows(count: int) -> None:
    weight = t.randn(3, 4)

    def step(x: t.Tensor, y: t.Tensor) -> Any:
        w = weight.clone().requires_grad_()
        loss = F.cross_entropy(x @ w.T, y, reduction="sum")
        return loss.detach(), t.autograd.grad(loss, [w])[0]

    x, y = t.randn(count, 4), t.randint(0, 3, (count,))
    same(t.compile(step)(x, y), step(x, y))


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x.exp()[:3], id="exp"),
        pytest.param(lambda x: (x @ x)[:3], id="matmul"),
        pytest.param(lambda x: x.cumsum(0)[:3], id="cumsum"),
        pytest.param(lambda x: x.topk(3, dim=0), id="topk"),
        pytest.param(lambda x: (x.exp()[:3], x.exp()), id="part and whole"),
        pytest.param(lambda x: x.exp()[2:], id="the end"),
    ],
)
def test_a_piece_of_a_result(function: Callable[..., Any]) -> None:
    """The caller's memory holds the piece only."""
    agrees(function, (100, 100))


@pytest.mark.parametrize("m, n, k", [(3, 4, 3), (64, 48, 17)])
def test_a_tail_of_several_dtypes(m: int, n: int, k: int) -> None:
    def masked(a: t.Tensor, b: t.Tensor, x: t.Tensor, y: t.Tensor) -> t.Tensor:
        return t.where(x > 0, a @ b, 0.0) + y

    def given(a: t.Tensor, b: t.Tensor, mask: t.Tensor, y: t.Tensor) -> t.Tensor:
        return t.where(mask, a @ b, 0.0) + y

    agrees(masked, (m, k), (k, n), (m, n), (m, n))
    xs = t.randn(m, k), t.randn(k, n), t.randn(m, n) > 0, t.randn(m, n)
    same(t.compile(given)(*xs), given(*xs))


def test_numbers_in_the_list_of_kinds_are_as_they_were_written() -> None:
    scaled = t.compile(lambda x, factor: x * factor)
    for factor in (0.5, 1.5, 3.0):
        scaled(t.ones(2), factor)
    with pytest.warns(UserWarning, match="4th kind of arguments") as warned:
        scaled(t.ones(2), -0.1)
    [warning] = warned
    assert "(f32[2], -0.1)" in str(warning.message)
    assert "pass numbers that change as tensors" in str(warning.message)


def test_what_over_cannot_take_or_return_says_what_to_do() -> None:
    data = t.utils.data.TensorDataset(t.ones(4, 2))
    step = t.compile(lambda x: (x.sum(), x))
    with pytest.raises(
        TypeError, match=r"makes the batches itself; not .*DataLoader.*\*dataset\.tensors"
    ):
        step.over(t.utils.data.DataLoader(data), batch_size=2, progress=False)
    with pytest.raises(TypeError, match=r"it returned tuple\. Add up what else"):
        step.over(t.ones(4, 2), batch_size=2, progress=False)


def test_a_traced_tensor_that_was_kept_says_so() -> None:
    kept: list[t.Tensor] = []

    @t.compile
    def keep(x: t.Tensor) -> t.Tensor:
        kept.append(x * 2)
        return x

    keep(t.ones(3))
    for use in (lambda x: x.sum(), lambda x: x.tolist(), lambda x: x + 1):
        with pytest.raises(
            t.TraceError, match="return it from the traced function instead of keeping it"
        ):
            use(kept[0])


@pytest.mark.parametrize("compiled", [False, True])
def test_what_no_memory_could_hold_is_refused(compiled: bool) -> None:
    def spread(x: t.Tensor) -> t.Tensor:
        return x.expand(2**40, 2**40).sum()

    with pytest.raises(
        RuntimeError, match=r"expand gives f32.*more bytes than there are addresses"
    ):
        (t.compile(spread) if compiled else spread)(t.ones(1))


def test_a_step_that_went_backward_itself_has_no_history() -> None:
    w = t.ones(3, requires_grad=True)

    @t.compile
    def step(x: t.Tensor) -> t.Tensor:
        loss = (w * x).sum()
        loss.backward()
        return loss.detach()

    with pytest.raises(
        RuntimeError, match="or by a compiled function that has gone backward itself"
    ):
        step(t.ones(3)).backward()


# ---- memory that moves, and memory that is shared


def moves(*, strided: bool = False) -> tuple[t.Tensor, Any]:
    """A tensor that a compiled function adds to, called until it is native, then given other memory."""
    w = t.zeros(3, 2)

    @t.compile
    def add(x: t.Tensor) -> t.Tensor:
        w.add_(x.sum(0))
        return w.sum()

    add(t.ones(3, 2))
    add(t.ones(3, 2))
    assert w.tolist() == [[6, 6]] * 3
    w.data = t.zeros(2, 3).t() if strided else t.zeros(3, 2)
    return w, add


def test_a_program_follows_its_memory_through_over() -> None:
    w, add = moves()
    add.over(t.ones(3, 2), batch_size=3, progress=False)
    assert add(t.ones(3, 2)).item() == 36
    assert w.tolist() == [[6, 6]] * 3


def test_a_program_follows_its_memory_through_compile() -> None:
    w, add = moves()
    add.compile(t.spec((3, 2)))
    assert add(t.ones(3, 2)).item() == 18
    assert w.tolist() == [[3, 3]] * 3


def test_memory_that_has_to_be_copied_is_followed_too() -> None:
    w, add = moves(strided=True)
    assert [add(t.ones(3, 2)).item() for _ in range(3)] == [18, 36, 54]
    assert w.tolist() == [[9, 9]] * 3


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_an_argument_that_is_written_to_shares_no_memory(backend: str) -> None:
    def double(a: t.Tensor, b: t.Tensor) -> t.Tensor:
        a.add_(1)
        return b * 2

    step, a, whole = t.compile(double, backend=backend), t.zeros(4), t.zeros(5)
    step(t.zeros(4), a)
    for first, second in ((a, a), (a, a.detach()), (whole[:4], whole[1:])):
        with pytest.raises(t.TraceError, match="arguments 0 and 1 lie in the same memory"):
            step(first, second)
    assert not a.any()
    assert not whole.any()


def test_over_again_and_again_makes_nothing_new() -> None:
    step = t.compile(lambda x: (x * 2).sum())
    data = t.ones(12, 3)
    for _ in range(3):
        step.over(data, batch_size=4, progress=False)
    [memory] = [p.memory for programs in step._programs.values() for p in programs]
    assert len(memory.epochs) == 1
    step.over(data, batch_size=6, progress=False)
    assert step.over(data, batch_size=4, progress=False).tolist() == [24, 24, 24]
