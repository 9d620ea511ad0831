"""What compiled functions leave in `.grad`, and gradients through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout as t
from compiling import Training, X, Y, compiled, f64, programs, same
from tapeout import nn

USED_UP = "the gradient of '0.weight' was used up by the compiled eager\\(\\).*grads=True"


def weight(training: Training) -> t.Tensor:
    return training.model[0].weight


# ---- gradients that are used up


def test_a_gradient_that_is_used_up_says_so() -> None:
    ours = Training("reference")
    ours.step(X, Y)
    with pytest.raises(RuntimeError, match=USED_UP):
        weight(ours).grad
    with pytest.raises(RuntimeError, match="was used up by the compiled eager"):
        ours.model(X).sum().backward()
    ours.step(X, Y)
    assert len(programs(ours.step)) == 1


@pytest.mark.parametrize(
    "clear",
    [
        lambda training: training.opt.zero_grad(),
        lambda training: training.model.zero_grad(),
        lambda training: setattr(weight(training), "grad", None),
    ],
)
def test_clearing_a_gradient_that_is_used_up(clear: Callable[[Any], None]) -> None:
    ours = Training("reference")
    ours.step(X, Y)
    clear(ours)
    assert weight(ours).grad is None
    ours.step(X, Y)
    with pytest.raises(RuntimeError, match=USED_UP):
        weight(ours).grad


def test_zeros_may_take_the_place_of_a_gradient_that_is_used_up() -> None:
    ours = Training("reference")
    ours.step(X, Y)
    ours.opt.zero_grad(set_to_none=False)
    grad = weight(ours).grad
    assert grad is not None
    assert grad.tolist() == np.zeros((6, 4)).tolist()


def test_adding_to_a_gradient_that_is_used_up_is_refused() -> None:
    w = t.ones(2, requires_grad=True)

    def f(x: t.Tensor) -> None:
        (w * x).sum().backward()
        with t.no_grad():
            w.sub_(w.grad)

    step = compiled(f)
    step(t.ones(2))
    with pytest.raises(RuntimeError, match="the gradient of 'w' was used up"):
        step(t.ones(2))
    assert w.tolist() == [0, 0]
    w.grad = None
    step(t.ones(2))
    assert w.tolist() == [-1, -1]


@pytest.mark.parametrize("to_none", [True, False])
@pytest.mark.parametrize("keep", [None, True])
def test_steps_that_clear_first_go_on(to_none: bool, keep: bool | None) -> None:
    w, v = (f64(3).requires_grad_() for _ in "ab")

    def make(p: t.Tensor) -> Any:
        opt = t.optim.SGD([p], lr=0.1, momentum=0.9)

        def f(x: t.Tensor) -> t.Tensor:
            opt.zero_grad(set_to_none=to_none)
            loss = ((p * x) ** 2).sum()
            loss.backward()
            opt.step()
            return loss

        return f

    eager, step = make(w), compiled(make(v), grads=keep)
    for seed in range(4):
        same(step(f64(3, seed=seed)), eager(f64(3, seed=seed)))
        if keep:
            same(v.grad, w.grad)
    same(v, w)


def test_a_gradient_that_is_zeroed_by_hand_is_kept() -> None:
    w, v = (f64(3).requires_grad_() for _ in "ab")

    def make(p: t.Tensor) -> Any:
        def f(x: t.Tensor) -> t.Tensor:
            loss = ((p * x) ** 2).sum()
            loss.backward()
            with t.no_grad():
                p.sub_(0.1 * p.grad)
                p.grad.zero_()
            return loss

        return f

    eager, step = make(w), compiled(make(v))
    for seed in range(4):
        same(step(f64(3, seed=seed)), eager(f64(3, seed=seed)))
    same(v, w)
    assert v.grad.tolist() == [0, 0, 0]
    assert len(programs(step)) == 2


# ---- gradients that are kept


def test_kept_gradients() -> None:
    ours, theirs = Training("reference", grads=True), Training()
    for _ in range(3):
        ours.step(X, Y)
        theirs.step(X, Y)
        for a, b in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
            same(a.grad, b.grad)


def test_no_gradients_kept() -> None:
    w = t.ones(2, requires_grad=True)
    compiled(lambda x: (w * x).sum().backward(), grads=False)(t.ones(2))
    with pytest.raises(RuntimeError, match="the gradient of 'w' was used up"):
        w.grad


def test_gradients_that_the_function_clears_are_gone() -> None:
    ours = Training()

    def f(x: t.Tensor, y: t.Tensor) -> None:
        ours.eager(x, y)
        ours.opt.zero_grad()

    step = compiled(f)
    for _ in range(2):
        step(X, Y)
        assert weight(ours).grad is None


def test_gradients_add_up_for_an_optimizer_outside() -> None:
    ours, theirs = Training(), Training()

    def make(training: Training) -> Any:
        def f(x: t.Tensor) -> t.Tensor:
            loss = (training.model(x) ** 2).mean()
            loss.backward()
            return loss

        return f

    step, eager = compiled(make(ours)), make(theirs)
    for seed in range(7):
        x = f64(5, 4, seed=seed).float()
        same(step(x), eager(x))
        same(weight(ours).grad, weight(theirs).grad)
        if seed % 3 == 2:
            for training in (ours, theirs):
                training.opt.step()
                training.opt.zero_grad()
    same(weight(ours), weight(theirs))
    assert len(programs(step)) == 2


def test_gradients_of_arguments() -> None:
    def f(x: t.Tensor) -> t.Tensor:
        loss = (x * x).sum()
        loss.backward()
        return loss

    step, x = compiled(f), t.tensor([1.0, 2.0], requires_grad=True)
    for count in (1, 2):
        assert step(x).item() == 5
        assert x.grad.tolist() == [2 * count, 4 * count]
    with pytest.raises(t.TraceError, match="its argument 0 was computed outside with gradient"):
        step(x * 1)


def test_a_gradient_that_is_returned_too_is_a_tensor_of_its_own() -> None:
    w = t.ones(2, requires_grad=True)

    def f(x: t.Tensor) -> Any:
        (w * x).sum().backward()
        return w.grad

    found = compiled(f)(t.tensor([2.0, 3.0]))
    found.zero_()
    assert w.grad.tolist() == [2, 3]


# ---- gradients through a call


def net() -> nn.Module:
    t.manual_seed(1)
    return nn.Sequential(
        nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 2)
    ).double()


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_backward_outside(backend: str) -> None:
    ours, theirs = net(), net()
    step = t.compile(ours, backend=backend)
    for seed in range(3):
        x, z = (f64(5, 4, seed=seed).requires_grad_() for _ in "ab")
        for model, given in ((step, x), (theirs, z)):
            t.manual_seed(seed)
            (model(given * 2) ** 2).sum().backward()
        same(x.grad, z.grad)
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            same(a.grad, b.grad)
    assert len(programs(step)) == 1


def test_several_results_with_history() -> None:
    w = f64(3).requires_grad_()
    step = compiled(lambda x: (x * w, (x + w).exp(), x.detach() * 2))
    x = f64(3, seed=1).requires_grad_()
    a, b, c = step(x)
    assert [r.requires_grad for r in (a, b, c)] == [True, True, False]
    assert a.grad_fn.name() == "CompiledBackward"
    found = t.autograd.grad(a.sum() + (b * 3).sum(), [x, w])
    for g, other in zip(found, (w, x), strict=True):
        same(g, other + 3 * (x + w).exp())


def test_second_derivatives() -> None:
    w = f64(3).requires_grad_()
    step = compiled(lambda x: (x**3 * w).sum())
    x = f64(3, seed=1).requires_grad_()
    (g,) = t.autograd.grad(step(x), x, create_graph=True)
    same(g, 3 * x**2 * w)
    found = t.autograd.grad(g.sum(), [x, w])
    same(found[0], 6 * x * w)
    same(found[1], 3 * x**2)


def test_a_graph_is_freed_and_a_stale_one_refused() -> None:
    w = t.ones(2, requires_grad=True)
    step = compiled(lambda x: (w * x * w).sum())
    loss = step(t.ones(2))
    loss.backward(retain_graph=True)
    loss.backward()
    assert w.grad.tolist() == [4, 4]
    with pytest.raises(t.StaleError, match="a second time"):
        loss.backward()
    loss = step(t.ones(2))
    with t.no_grad():
        w.add_(1)
    with pytest.raises(t.StaleError, match="modified by an inplace operation"):
        loss.backward()


def test_what_a_call_overwrites_is_remembered_for_backward() -> None:
    w, seen = t.ones(2, requires_grad=True), t.ones(2)

    def f(x: t.Tensor) -> t.Tensor:
        found = w * seen * x
        seen.add_(x)
        x.mul_(10)
        return found

    step, x = compiled(f), t.tensor([2.0, 3.0])
    first, second = step(x), step(x)
    assert x.tolist() == [200, 300]
    (first.sum() + second.sum()).backward()
    assert w.grad.tolist() == [2 + 3 * 20, 3 + 4 * 30]


def test_a_loss_that_went_backward_inside_has_no_history() -> None:
    ours = Training("reference", grads=True)
    assert not ours.step(X, Y).requires_grad
