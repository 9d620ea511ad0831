"""When a compiled function takes another program, and when it goes on with the one it has."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import tapeout as t
from compiling import Training, X, Y, compiled, f64, programs, same
from tapeout import nn
from tapeout.tracer.changes import STRUCTURE


def test_training_and_evaluation_are_two_programs() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).double()
    twin, step, x = copy.deepcopy(net), compiled(net), f64(5, 3)
    for flag in (True, False, True, False):
        step.train(flag)
        same(step(x), twin.train(flag)(x))
    same(net[1].running_mean, twin[1].running_mean)
    assert len(programs(step)) == 2


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.scale = 1.0

    def forward(self, x: t.Tensor) -> t.Tensor:
        return self.fc(x) * self.scale


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a setting": lambda m: setattr(m, "scale", 2.0),
    "a parameter": lambda m: setattr(m.fc, "weight", nn.Parameter(t.ones(2, 3))),
    "a parameter gone": lambda m: setattr(m.fc, "bias", None),
    "a module": lambda m: setattr(m, "fc", nn.Linear(3, 2)),
    "a hook": lambda m: m.fc.register_forward_hook(lambda module, args, result: result * 3),
    "requires_grad": lambda m: m.requires_grad_(False),
    "a dtype": lambda m: m.double(),
}
OTHER_MEMORY: dict[str, Callable[[Any], Any]] = {
    "data": lambda m: setattr(m.fc.weight, "data", t.full((2, 3), 0.5)),
    "values": lambda m: m.fc.load_state_dict({"weight": t.zeros(2, 3), "bias": t.ones(2)}),
    "nothing": lambda m: setattr(m, "scale", 1.0),
}


@pytest.mark.parametrize("name", [*CHANGES, *OTHER_MEMORY])
def test_a_change_is_seen(name: str) -> None:
    net = Scaled()
    step, x = compiled(net), X[:, :3]
    step(x)
    (CHANGES | OTHER_MEMORY)[name](net)
    if name == "a dtype":
        x = x.double()
    found, expected = step(x), net(x)
    same(found, expected)
    assert found.requires_grad == expected.requires_grad
    assert len(programs(step)) == (2 if name in CHANGES else 1)


def test_no_change_is_no_change() -> None:
    ours = Training("reference")
    ours.step(X, Y)
    ours.step(X, Y)
    before = STRUCTURE.cell[0]
    ours.opt.param_groups[0]["lr"] = 0.5
    ours.model.zero_grad()
    ours.step(X, Y)
    with t.no_grad():
        ours.model[0].weight.mul_(2)
    (program,) = programs(ours.step)
    ours.step(X, Y)
    assert program.guard.word.cell[0] == STRUCTURE.cell[0]
    assert before <= STRUCTURE.cell[0] <= before + len(list(ours.model.parameters())) * 2


def test_gradient_mode_is_part_of_the_signature() -> None:
    net = nn.Linear(3, 2)
    step = compiled(net)
    assert step(X[:, :3]).requires_grad
    with t.no_grad():
        assert not step(X[:, :3]).requires_grad
    with t.inference_mode():
        assert not step(X[:, :3]).requires_grad
    assert len(programs(step)) == 2


def test_many_kinds_of_arguments_warn_once() -> None:
    step = compiled(lambda x, k: x * k)
    for n in (1, 2, 3):
        step(t.ones(n), 2)
    with pytest.warns(UserWarning, match="is being compiled for the 4th kind of arg") as caught:
        step(t.ones(4, 5), 2)
    step(t.ones(6), 2)
    (warning,) = caught
    assert "<lambda>(f32[1], 2)\n  <lambda>(f32[2], 2)" in str(warning.message)
    assert "drop_last=True" in str(warning.message)
    assert warning.filename == __file__
