"""Every optimizer against PyTorch's: trajectories, state, saved state in both directions, repr."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import tapeout
from tapeout import optim

torch = pytest.importorskip("torch")

SHAPES = ((4, 3), (5,))
STEPS = 20
TOLERANCE = {"float32": 3e-6, "float64": 1e-12}

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.95), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "betas": (0.0, 0.9), "weight_decay": 0.2}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "maximize": True}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.05, "momentum": 0.7, "maximize": True}),
    ("RMSprop", {"lr": 0.05, "centered": True, "eps": 1e-2}),
    ("RMSprop", {"lr": 0.05, "centered": True, "eps": 1e-2, "momentum": 0.7, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.1, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.7, "maximize": True}),
]
NAMES = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")
WITH_STATE: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.05, "momentum": 0.8, "dampening": 0.3},
    "Adam": {"lr": 0.1, "amsgrad": True},
    "AdamW": {"lr": 0.1},
    "RMSprop": {"lr": 0.05, "momentum": 0.7, "centered": True, "eps": 1e-2},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.2},
}
every_case = pytest.mark.parametrize("name, options", CASES, ids=str)
every_optimizer = pytest.mark.parametrize("name", NAMES)


class Pair(NamedTuple):
    """Our optimizer and PyTorch's, on equal parameters."""

    ours: Any
    theirs: Any
    our_params: list[Any]
    their_params: list[Any]

    def step(self, number: int, without: tuple[int, ...] = ()) -> None:
        """One step with the gradients of step `number`; some parameters may lack theirs."""
        for i, (p, q) in enumerate(zip(self.our_params, self.their_params, strict=True)):
            grad = gradient(number, i, p.detach().numpy())
            p.grad = None if i in without else tapeout.tensor(grad)
            q.grad = None if i in without else torch.tensor(grad)
        self.ours.step()
        self.theirs.step()

    def check(self, tolerance: float) -> None:
        for p, q in zip(self.our_params, self.their_params, strict=True):
            close(p, q, tolerance)
        for p, q in zip(self.our_params, self.their_params, strict=True):
            ours, theirs = self.ours.state.get(p, {}), self.theirs.state.get(q, {})
            assert set(ours) - {"started"} == set(theirs)
            for key in theirs:
                close(ours[key], theirs[key], tolerance)


def close(ours: Any, theirs: Any, tolerance: float) -> None:
    mine, other = ours.detach().numpy(), theirs.detach().numpy()
    assert mine.dtype == other.dtype
    np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


def gradient(number: int, index: int, value: np.ndarray) -> np.ndarray:
    """Changes from step to step and depends a little on the parameter, as real ones do."""
    rng = np.random.default_rng((number, index))
    return (rng.standard_normal(value.shape) + 0.1 * value).astype(value.dtype)


def pair(name: str, options: dict[str, Any], dtype: str = "float64", groups: Any = None) -> Pair:
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal(s).astype(dtype) for s in SHAPES]
    ours = [tapeout.tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    grouped = groups or (lambda params: params)
    return Pair(
        getattr(optim, name)(grouped(ours), **options),
        getattr(torch.optim, name)(grouped(theirs), **options),
        ours,
        theirs,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_case
def test_twenty_steps(name: str, options: dict[str, Any], dtype: str) -> None:
    both = pair(name, options, dtype)
    for number in range(STEPS):
        both.step(number)
        both.check(TOLERANCE[dtype])


@every_case
def test_a_parameter_sits_steps_out(name: str, options: dict[str, Any]) -> None:
    both = pair(name, options)
    for number in range(STEPS):
        both.step(number, without=(1,) if number in (0, 1, 5, 6, 12) else ())
        both.check(1e-12)
    for number in range(STEPS, STEPS + 3):
        both.step(number, without=(0,))
    both.step(STEPS + 4)
    both.check(1e-12)


@every_optimizer
def test_two_groups_with_options_of_their_own(name: str) -> None:
    def groups(params: list[Any]) -> list[dict[str, Any]]:
        return [{"params": params[:1]}, {"params": params[1:], "lr": 0.2, "weight_decay": 0.3}]

    both = pair(name, WITH_STATE[name], groups=groups)
    for number in range(STEPS):
        both.step(number)
    both.check(1e-12)


@every_optimizer
def test_options_changed_on_the_way(name: str) -> None:
    both = pair(name, WITH_STATE[name])
    for number in range(STEPS):
        for opt in (both.ours, both.theirs):
            group = opt.param_groups[0]
            group["lr"] = 0.1 / (number + 1)
            group["weight_decay"] = 0.3 if number > 4 else 0.0
            if "betas" in group:
                group["betas"] = (0.9 - number / 50, 0.99)
        both.step(number)
    both.check(1e-12)


@every_optimizer
def test_pytorch_goes_on_from_our_state(name: str) -> None:
    first, second = pair(name, WITH_STATE[name]), pair(name, {})
    for number in range(4):
        first.step(number, without=(1,) if number == 1 else ())
        second.step(number, without=(1,) if number == 1 else ())
    second.theirs.load_state_dict(to_torch(first.ours.state_dict()))
    copy_params(first.our_params, second.their_params)
    go_on_alike(Pair(first.ours, second.theirs, first.our_params, second.their_params))


@every_optimizer
def test_we_go_on_from_pytorchs_state(name: str) -> None:
    first, second = pair(name, WITH_STATE[name]), pair(name, {})
    for number in range(4):
        first.step(number, without=(1,) if number == 1 else ())
    second.ours.load_state_dict(first.theirs.state_dict())
    copy_params(first.their_params, second.our_params)
    go_on_alike(Pair(second.ours, first.theirs, second.our_params, first.their_params))


def go_on_alike(both: Pair) -> None:
    assert both.ours.param_groups[0]["lr"] == both.theirs.param_groups[0]["lr"]
    for number in range(4, 10):
        both.step(number, without=(0,) if number == 6 else ())
    both.check(1e-12)


def copy_params(sources: list[Any], targets: list[Any]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.detach().numpy()[...] = source.detach().numpy()


def to_torch(saved: dict[str, Any]) -> dict[str, Any]:
    state = {
        number: {k: torch.from_numpy(t.numpy().copy()) for k, t in tensors.items()}
        for number, tensors in saved["state"].items()
    }
    return {"state": state, "param_groups": saved["param_groups"]}


@every_case
def test_the_same_state_dict_keys(name: str, options: dict[str, Any]) -> None:
    both = pair(name, options)
    for _ in range(2):
        ours, theirs = both.ours.state_dict(), both.theirs.state_dict()
        assert ours["param_groups"] == theirs["param_groups"]
        assert {n: list(s) for n, s in ours["state"].items()} == {
            n: list(s) for n, s in theirs["state"].items()
        }
        both.step(0)


@every_case
def test_the_same_repr(name: str, options: dict[str, Any]) -> None:
    both = pair(name, options, groups=lambda params: [{"params": [p]} for p in params])
    assert repr(both.ours) == repr(both.theirs)


@pytest.mark.parametrize(
    "name, options",
    [
        ("SGD", {"lr": -1.0}),
        ("SGD", {"momentum": -0.1}),
        ("SGD", {"weight_decay": -0.2}),
        ("Adam", {"lr": -1.0}),
        ("Adam", {"eps": -1e-8}),
        ("Adam", {"betas": (1.0, 0.9)}),
        ("Adam", {"betas": (0.9, -0.1)}),
        ("AdamW", {"weight_decay": -0.2}),
        ("RMSprop", {"alpha": -0.5}),
        ("RMSprop", {"momentum": -0.5}),
        ("Adagrad", {"lr_decay": -0.5}),
        ("Adagrad", {"initial_accumulator_value": -0.5}),
        ("Adagrad", {"lr": float("nan")}),
    ],
)
def test_the_same_refusals(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Invalid") as theirs:
        getattr(torch.optim, name)([torch.zeros(2)], **options)
    with pytest.raises(ValueError, match="Invalid") as ours:
        getattr(optim, name)([tapeout.zeros(2)], **options)
    assert str(ours.value).startswith(str(theirs.value))
