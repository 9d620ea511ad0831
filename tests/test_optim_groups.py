"""Parameter groups as dicts whose numbers are tensors too, and optimizers saved and loaded."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tapeout
from tapeout.optim import SGD, Adagrad, Adam, AdamW, RMSprop

EVERY = (SGD, Adam, AdamW, RMSprop, Adagrad)


def leaf(*values: float) -> Any:
    return tapeout.tensor(list(values), dtype=tapeout.float64, requires_grad=True)


# ---- groups


def test_groups_are_dicts_of_python_numbers() -> None:
    opt = Adam([leaf(1.0)], lr=0.25, betas=(0.5, 0.75))
    group = opt.param_groups[0]
    assert isinstance(group, dict)
    assert group["lr"] == 0.25
    assert type(group["lr"]) is float
    assert dict(group)["betas"] == (0.5, 0.75)
    assert opt.defaults["lr"] == 0.25


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g.__setitem__("lr", 0.5),
        lambda g: g.update(lr=0.5),
        lambda g: g.update({"lr": 0.5}),
        lambda g: g.__ior__({"lr": 0.5}),
    ],
)
def test_a_number_takes_effect_however_it_is_set(change: Any) -> None:
    p = leaf(2.0)
    opt = SGD([p], lr=0.1)
    group = opt.param_groups[0]
    tensor = group.tensor("lr")
    change(group)
    assert group["lr"] == tensor.item() == 0.5
    p.grad = leaf(1.0).detach()
    opt.step()
    assert p.item() == 1.5


def test_betas_are_two_tensors() -> None:
    group = Adam([leaf(1.0)]).param_groups[0]
    group["betas"] = (0.5, 0.75)
    assert [group.tensor(n).item() for n in ("beta1", "beta2")] == [0.5, 0.75]
    assert group.tensor("beta1").dtype is tapeout.float64


def test_setdefault_and_options_of_the_users_own() -> None:
    group = SGD([{"params": [leaf(1.0)], "name": "head"}], lr=0.1).param_groups[0]
    assert group.setdefault("initial_lr", group["lr"]) == 0.1
    assert group.setdefault("lr", 7.0) == 0.1
    assert group["name"] == "head"


@pytest.mark.parametrize("value, shown", [("fast", "'fast'"), (None, "None"), ([], r"\[\]")])
def test_a_number_must_be_one(value: Any, shown: str) -> None:
    with pytest.raises(TypeError, match=f"lr takes a number, not .* {shown}"):
        SGD([leaf(1.0)]).param_groups[0]["lr"] = value


def test_a_tensor_is_no_number() -> None:
    with pytest.raises(TypeError, match=r"pass lr.item\(\)"):
        SGD([leaf(1.0)], lr=tapeout.tensor(0.1))
    with pytest.raises(TypeError, match="never compiles anything again"):
        SGD([leaf(1.0)]).param_groups[0]["lr"] = tapeout.tensor(0.1)


def test_add_param_group() -> None:
    p, q = leaf(1.0), leaf(2.0)
    opt = SGD([p], lr=0.1)
    opt.add_param_group({"params": q, "lr": 0.5})
    assert [g["lr"] for g in opt.param_groups] == [0.1, 0.5]
    q.grad = leaf(1.0).detach()
    opt.step()
    assert q.item() == 1.5


def test_named_parameters() -> None:
    p, q = leaf(1.0), leaf(2.0)
    opt = Adam(iter([("fc.weight", p), ("fc.bias", q)]))
    assert opt.param_groups[0]["params"] == [p, q]
    assert opt.param_groups[0]["param_names"] == ["fc.weight", "fc.bias"]


def test_named_state_lists_numbers_and_moments() -> None:
    p = leaf(1.0)
    opt = SGD([("w", p)], lr=0.1, momentum=0.9)
    step_on(opt, [p], 1)
    named = dict(opt.named_state())
    assert named["lr"] is opt.param_groups[0].tensor("lr")
    assert named["sgd.momentum_buffer.w"] is opt.state[p]["momentum_buffer"]


# ---- saving


def advanced(kind: Any, **options: Any) -> tuple[Any, list[Any]]:
    params = [leaf(1.0, 2.0), leaf(3.0)]
    opt = kind([{"params": params[:1]}, {"params": params[1:], "lr": 0.3}], **options)
    step_on(opt, params, 3)
    return opt, params


def step_on(opt: Any, params: list[Any], steps: int) -> None:
    for _ in range(steps):
        for p in params:
            p.grad = p.detach() * 0.5 + 0.1
        opt.step()


@pytest.mark.parametrize("way", ["load", "pickle", "deepcopy"])
@pytest.mark.parametrize("kind", EVERY)
def test_a_copy_goes_on_alike(kind: Any, way: str) -> None:
    opt, params = advanced(
        kind, lr=0.1, **({"momentum": 0.9, "dampening": 0.2} if kind is SGD else {})
    )
    if way == "load":
        other, others = advanced(kind)
        for p, q in zip(params, others, strict=True):
            q.detach().numpy()[...] = p.detach().numpy()
        other.load_state_dict(copy.deepcopy(opt.state_dict()))
    elif way == "pickle":
        other, others = pickle.loads(pickle.dumps((opt, params)))
    else:
        other, others = copy.deepcopy((opt, params))
    opt.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.7
    step_on(opt, params, 2)
    ours = [p.tolist() for p in params]
    assert [q.tolist() for q in others] != ours
    step_on(other, others, 2)
    assert [q.tolist() for q in others] == ours


def test_state_dict_layout() -> None:
    opt, params = advanced(Adam)
    saved = opt.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0], [1]]
    assert type(saved["param_groups"][0]) is dict
    assert list(saved["state"]) == [0, 1]
    assert list(saved["state"][1]) == ["step", "exp_avg", "exp_avg_sq"]
    assert saved["state"][1]["exp_avg"] is opt.state[params[1]]["exp_avg"]


def test_sgd_saves_no_state_of_its_own_making() -> None:
    opt, params = advanced(SGD, momentum=0.9, dampening=0.2)
    assert list(opt.state_dict()["state"][0]) == ["momentum_buffer"]
    assert "started" in opt.state[params[0]]


def test_loading_into_an_optimizer_with_state_keeps_its_tensors() -> None:
    opt, params = advanced(Adam)
    saved = copy.deepcopy(opt.state_dict())
    step_on(opt, params, 2)
    before = dict(opt.state[params[0]])
    opt.load_state_dict(saved)
    assert all(opt.state[params[0]][k] is t for k, t in before.items())
    assert opt.state[params[0]]["step"].item() == 3


def test_loaded_steps_are_shared_where_equal() -> None:
    params = [leaf(1.0), leaf(2.0), leaf(3.0)]
    opt = Adam(params)
    zeros = np.zeros(1)
    state = {n: {"step": t, "exp_avg": zeros, "exp_avg_sq": zeros} for n, t in enumerate((4, 2, 4))}
    opt.load_state_dict({"state": state, "param_groups": opt.state_dict()["param_groups"]})
    steps = [opt.state[p]["step"] for p in params]
    assert steps[0] is steps[2] is not steps[1]
    assert [s.item() for s in steps] == [4, 2, 4]


def test_loading_drops_state_that_was_not_saved() -> None:
    opt, params = advanced(Adam)
    saved = opt.state_dict()
    opt.load_state_dict({"state": {1: saved["state"][1]}, "param_groups": saved["param_groups"]})
    assert params[0] not in opt.state
    assert params[1] in opt.state


def test_loading_refuses_what_does_not_fit() -> None:
    opt, _ = advanced(Adam)
    saved = opt.state_dict()
    with pytest.raises(ValueError, match=r"different number of parameter groups: 1, and the .* 2"):
        opt.load_state_dict({**saved, "param_groups": saved["param_groups"][:1]})
    other = Adam([leaf(1.0), leaf(1.0)])
    one = Adam([leaf(1.0)])
    with pytest.raises(ValueError, match=r"doesn't match the size .* \[2\] .* \[1\]"):
        one.load_state_dict(other.state_dict())
    swapped = {**saved, "state": {0: saved["state"][1], 1: saved["state"][0]}}
    with pytest.raises(ValueError, match=r"'exp_avg' of shape \[1\] for parameter 0, .* f64\[2\]"):
        opt.load_state_dict(swapped)
