"""Optimizers by themselves: update rules by hand, steps, state, refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tapeout
from tapeout import optim
from tapeout.optim import SGD, Adagrad, Adam, AdamW, RMSprop

GRADS = (0.5, -0.3, 0.8)
EVERY = (SGD, Adam, AdamW, RMSprop, Adagrad)


def leaf(*values: float) -> Any:
    return tapeout.tensor(list(values), dtype=tapeout.float64, requires_grad=True)


def stepped(opt: Any, p: Any, grads: tuple[float, ...] = GRADS) -> float:
    """The parameter after a step with each gradient."""
    for g in grads:
        p.grad = tapeout.tensor([g], dtype=tapeout.float64)
        opt.step()
    return float(p.detach().numpy()[0])


# ---- the rules, by hand


def test_sgd_goes_down_the_gradient() -> None:
    p = leaf(2.0)
    assert stepped(SGD([p], lr=0.1), p) == pytest.approx(2.0 - 0.1 * sum(GRADS), rel=1e-14)


def test_sgd_with_momentum_begins_with_the_whole_gradient() -> None:
    p = leaf(2.0)
    x = 2.0 - 0.1 * (buffer := 0.5)
    for g in GRADS[1:]:
        buffer = 0.9 * buffer + 0.6 * g
        x -= 0.1 * buffer
    opt = SGD([p], lr=0.1, momentum=0.9, dampening=0.4)
    assert stepped(opt, p) == pytest.approx(x, rel=1e-14)
    assert opt.state[p]["momentum_buffer"].item() == pytest.approx(buffer, rel=1e-14)


@pytest.mark.parametrize("decoupled", [False, True])
def test_adam(decoupled: bool) -> None:
    p, x, m, v = leaf(2.0), 2.0, 0.0, 0.0
    for t, g in enumerate(GRADS, 1):
        g, x = (g, x * (1 - 0.1 * 0.2)) if decoupled else (g + 0.2 * x, x)
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
        x -= 0.1 * (m / (1 - 0.8**t)) / (math.sqrt(v / (1 - 0.95**t)) + 1e-3)
    kind = AdamW if decoupled else Adam
    opt = kind([p], lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)
    assert stepped(opt, p) == pytest.approx(x, rel=1e-13)
    assert opt.state[p]["step"].item() == 3
    assert opt.state[p]["step"].dtype is tapeout.float32


def test_rmsprop_centered_with_momentum() -> None:
    p, x, m, v, b = leaf(2.0), 2.0, 0.0, 0.0, 0.0
    for g in GRADS:
        m, v = 0.9 * m + 0.1 * g, 0.9 * v + 0.1 * g * g
        b = 0.5 * b + g / (math.sqrt(v - m * m) + 1e-3)
        x -= 0.1 * b
    opt = RMSprop([p], lr=0.1, alpha=0.9, eps=1e-3, momentum=0.5, centered=True)
    assert stepped(opt, p) == pytest.approx(x, rel=1e-13)


def test_adagrad() -> None:
    p, x, total = leaf(2.0), 2.0, 0.7
    for t, g in enumerate(GRADS):
        total += g * g
        x -= 0.1 / (1 + t * 0.2) * g / (math.sqrt(total) + 1e-3)
    opt = Adagrad([p], lr=0.1, lr_decay=0.2, initial_accumulator_value=0.7, eps=1e-3)
    assert stepped(opt, p) == pytest.approx(x, rel=1e-13)


@pytest.mark.parametrize("kind", EVERY)
def test_maximize_is_descent_on_the_opposite(kind: Any) -> None:
    p, q = leaf(2.0), leaf(2.0)
    up = stepped(kind([p], lr=0.1, maximize=True), p)
    down = stepped(kind([q], lr=0.1), q, tuple(-g for g in GRADS))
    assert up == down != 2.0


@pytest.mark.parametrize("kind", EVERY)
def test_it_finds_a_minimum(kind: Any) -> None:
    p = leaf(3.0, -2.0)
    opt = kind([p], lr=0.5 if kind is Adagrad else 0.05)
    for _ in range(300):
        opt.zero_grad()
        ((p - leaf(1.0, 4.0).detach()) ** 2).sum().backward()
        opt.step()
    tolerance = 0.2 if kind is AdamW else 0.05
    np.testing.assert_allclose(p.detach().numpy(), [1.0, 4.0], atol=tolerance)


# ---- steps


def test_without_gradients_nothing_happens() -> None:
    p = leaf(1.0, 2.0)
    opt = Adam([p])
    assert opt.step() is None
    assert p.tolist() == [1.0, 2.0]
    assert opt.state_dict()["state"] == {}


def test_step_takes_a_closure_and_returns_its_loss() -> None:
    p = leaf(3.0)
    opt = SGD([p], lr=0.1)

    def closure() -> Any:
        opt.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    with tapeout.no_grad():
        assert opt.step(closure).item() == 9.0
    assert p.tolist() == pytest.approx([2.4])


def test_parameters_stay_leaves_in_the_same_memory() -> None:
    p = leaf(3.0)
    memory = p.detach().numpy()
    stepped(Adam([p]), p)
    assert p.is_leaf
    assert p.requires_grad
    assert memory[0] == p.item() != 3.0


def test_zero_grad() -> None:
    p, q = leaf(1.0, 2.0), leaf(1.0)
    opt = SGD([p, q])
    (p**2).sum().backward()
    kept = p.grad
    opt.zero_grad(set_to_none=False)
    assert p.grad is kept
    assert kept.tolist() == [0.0, 0.0]
    assert q.grad is None
    opt.zero_grad()
    assert p.grad is None


def test_parameters_of_a_group_share_their_step_until_one_sits_out() -> None:
    p, q, r = leaf(1.0), leaf(2.0), leaf(3.0)
    opt = Adam([p, q, r])
    for tensor in (p, q, r):
        tensor.grad = leaf(0.5).detach()
    opt.step()
    assert opt.state[p]["step"] is opt.state[q]["step"] is opt.state[r]["step"]
    q.grad = None
    opt.step()
    opt.step()
    assert opt.state[p]["step"] is opt.state[r]["step"] is not opt.state[q]["step"]
    assert [opt.state[t]["step"].item() for t in (p, q, r)] == [3, 1, 3]


def test_moments_lie_in_memory_as_their_parameter_does() -> None:
    p = tapeout.from_numpy(np.zeros((4, 3)).T)
    p.requires_grad = True
    p.grad = tapeout.ones(3, 4, dtype=tapeout.float64)
    opt = Adam([p])
    opt.step()
    assert opt.state[p]["exp_avg"].numpy().flags.f_contiguous


# ---- refusals


@pytest.mark.parametrize(
    "params, error, message",
    [
        (list, ValueError, "empty parameter list; a generator .* only once"),
        (lambda: leaf(1.0), TypeError, "iterable of Tensors or dicts, but got a Tensor"),
        (lambda: [leaf(1.0), 3], TypeError, "can only optimize Tensors, .* one of .* is int"),
        (lambda: [leaf(1.0) * 2], ValueError, r"can't optimize a non-leaf Tensor: .* \[1\]"),
        (lambda: [{"params": {leaf(1.0)}}], TypeError, "Please use a list instead"),
        (lambda: [leaf(1.0)] * 2, ValueError, "duplicate parameters"),
        (lambda: [("a", leaf(1.0)), leaf(2.0)], ValueError, "Some param names are missing"),
    ],
)
def test_parameters_that_are_refused(params: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        SGD(params(), lr=0.1)


def test_groups_that_are_refused() -> None:
    p = leaf(1.0)
    opt = SGD([p])
    with pytest.raises(ValueError, match="appear in more than one parameter group"):
        opt.add_param_group({"params": [p]})
    with pytest.raises(TypeError, match="must be a dict, but got list"):
        opt.add_param_group([p])
    assert len(opt.param_groups) == 1


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda p: SGD(p, lr=-1.0), ValueError, "^Invalid learning rate: -1.0"),
        (lambda p: Adam(p, eps=-1e-8), ValueError, "^Invalid epsilon value: -1e-08"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), ValueError, "^Invalid beta .* at index 1: 1.0"),
        (lambda p: Adam(p, betas=0.9), TypeError, "betas takes two numbers.* not 0.9"),
        (lambda p: SGD(p, nesterov=True), ValueError, "^Nesterov .* momentum=0 and dampening=0"),
        (lambda p: SGD(p, speed=3), TypeError, r"SGD.__init__\(\) got an unexpected .* 'speed'"),
        (lambda p: AdamW(p, differentiable=True), RuntimeError, "AdamW .* cannot be honoured"),
    ],
)
def test_options_that_are_refused(make: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make([leaf(1.0)])


def test_options_that_choose_pytorchs_kernels_are_kept() -> None:
    opt = optim.Adam([leaf(1.0)], fused=True, foreach=False)
    assert opt.param_groups[0]["fused"] is True
    assert "    foreach: False\n" in repr(opt)


def test_repr() -> None:
    assert repr(Adagrad([leaf(1.0)], lr=0.5)) == (
        "Adagrad (\nParameter Group 0\n    differentiable: False\n    eps: 1e-10\n    foreach: None\n"
        "    fused: None\n    initial_accumulator_value: 0\n    lr: 0.5\n    lr_decay: 0\n"
        "    maximize: False\n    weight_decay: 0\n)"
    )
