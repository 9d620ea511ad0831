"""Optimizers inside a traced training step: the same numbers as eager ones, state by name, and a program that no
learning rate changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapeout
from tapeout import ir, optim
from tapeout.tracer import TraceError, spec, trace, trace_program

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "maximize": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("RMSprop", {"lr": 0.05}),
    ("RMSprop", {"lr": 0.05, "momentum": 0.5, "centered": True, "eps": 0.1}),
    ("Adagrad", {"lr": 0.05, "lr_decay": 0.2}),
]
every_optimizer = pytest.mark.parametrize("name, options", OPTIMIZERS, ids=str)


class Training:
    """A small regression: two parameters, an optimizer, one step as a function."""

    def __init__(self, name: str, options: dict[str, Any], two_groups: bool = False) -> None:
        rng = np.random.default_rng(1)
        self.weight = tapeout.tensor(rng.standard_normal((4, 3)), requires_grad=True)
        self.bias = tapeout.tensor(rng.standard_normal(3), requires_grad=True)
        params = [self.weight, self.bias]
        groups = [{"params": [p]} for p in params] if two_groups else params
        self.opt: Any = getattr(optim, name)(groups, **options)

    @property
    def step(self) -> Any:
        weight, bias, opt = self.weight, self.bias, self.opt

        def step(x: Any) -> Any:
            opt.zero_grad()
            loss = ((x @ weight + bias) ** 2).mean()
            loss.backward()
            opt.step()
            return loss

        return step

    def values(self) -> list[np.ndarray]:
        state = self.opt.state_dict()["state"]
        tensors = [self.weight, self.bias, *(t for s in state.values() for t in s.values())]
        return [t.detach().numpy().copy() for t in tensors]


X = spec((5, 4), tapeout.float64)


def batch(number: int) -> np.ndarray:
    return np.random.default_rng(100 + number).standard_normal((5, 4))


class Program:
    """A traced function and the arrays of its state, run by the interpreter."""

    def __init__(self, fn: Any) -> None:
        self.traced = trace_program(fn, X)
        self.func = ir.verify(self.traced.func)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        state = {slot.arg: slot.tensor.detach().numpy() for slot in self.traced.state}
        found = ir.run(self.func, x, *state.values())
        for result, array in zip(self.func.results, found, strict=True):
            if result.into is not None:
                state[result.into][...] = array
        return found[0]


@every_optimizer
def test_a_traced_step_equals_the_eager_one_bit_for_bit(name: str, options: dict[str, Any]) -> None:
    eager, traced = Training(name, options), Training(name, options)
    program, step = Program(traced.step), eager.step
    for number in range(6):
        for training in (eager, traced):
            training.opt.param_groups[0]["lr"] = 0.1 / (number + 1)
        loss = step(tapeout.tensor(batch(number)))
        np.testing.assert_array_equal(program(batch(number)), loss.detach().numpy())
    for ours, wanted in zip(traced.values(), eager.values(), strict=True):
        np.testing.assert_array_equal(ours, wanted)


@every_optimizer
def test_tracing_leaves_the_outside_as_it_was(name: str, options: dict[str, Any]) -> None:
    training = Training(name, options)
    before = [p.detach().numpy().copy() for p in (training.weight, training.bias)]
    trace(training.step, X)
    for p, array in zip((training.weight, training.bias), before, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), array)
        assert p.grad is None
        assert training.opt.state.get(p, {}).get("step", tapeout.tensor(0.0)).item() == 0


@every_optimizer
def test_numbers_do_not_change_the_program(name: str, options: dict[str, Any]) -> None:
    training = Training(name, options)
    before, structure = str(trace(training.step, X)), training.opt.structure()
    group = training.opt.param_groups[0]
    group["lr"] = 0.7
    for key in ("momentum", "eps", "alpha", "weight_decay", "lr_decay"):
        if group.get(key):
            group[key] = group[key] / 2
    assert str(trace(training.step, X)) == before
    assert training.opt.structure() == structure
    assert "0.7" not in before


@pytest.mark.parametrize(
    "name, options, change",
    [
        ("SGD", {"momentum": 0.9}, {"nesterov": True}),
        ("SGD", {"momentum": 0.9}, {"momentum": 0.0}),
        ("SGD", {"momentum": 0.9}, {"dampening": 0.1}),
        ("SGD", {}, {"weight_decay": 0.1}),
        ("Adam", {}, {"amsgrad": True}),
        ("Adam", {"weight_decay": 0.1}, {"decoupled_weight_decay": True}),
        ("RMSprop", {}, {"centered": True}),
        ("Adagrad", {}, {"maximize": True}),
    ],
)
def test_structure_tells_what_changes_the_program(
    name: str, options: dict[str, Any], change: dict[str, Any]
) -> None:
    training = Training(name, options)
    before = str(trace(training.step, X))
    group, structure = training.opt.param_groups[0], training.opt.structure()
    of_group = group.structure()
    group.update(change)
    assert group.structure() != of_group
    assert training.opt.structure() != structure
    assert str(trace(training.step, X)) != before


def test_state_has_names_that_can_be_read() -> None:
    training = Training("Adam", {"weight_decay": 0.1})
    func = trace(training.step, X)
    moments = {f"adam.exp_avg{sq}.{p}" for sq in ("", "_sq") for p in ("weight", "bias")}
    numbers = {"lr", "adam.beta1", "adam.beta2", "adam.eps", "adam.weight_decay"}
    written = {"weight", "bias", "adam.step"} | moments
    assert {a.name for a in func.args} == {"x"} | numbers | written
    assert {r.into.name for r in func.results if r.into} == written


def test_the_second_groups_numbers_are_numbered() -> None:
    func = trace(Training("RMSprop", {}, two_groups=True).step, X)
    names = {a.name for a in func.args}
    assert {"lr", "lr.1", "rmsprop.alpha", "rmsprop.alpha.1", "rmsprop.step.1"} <= names


def test_names_for_parameters_that_the_trace_does_not_know() -> None:
    for given, expected in ((lambda p: p, "param0"), (lambda p: ("fc.weight", p), "fc.weight")):
        held = [tapeout.zeros(3, requires_grad=True)]
        opt = optim.Adagrad([given(held[0])])

        def step(x: Any, held: Any = held, opt: Any = opt) -> None:
            (x * held[0]).sum().backward()
            opt.step()

        names = [a.name for a in trace(step, spec((3,))).args]
        assert f"adagrad.sum.{expected}" in names


def test_two_steps_in_one_program() -> None:
    eager, traced = Training("Adam", {"lr": 0.1}), Training("Adam", {"lr": 0.1})

    def twice(step: Any) -> Any:
        def both(x: Any) -> Any:
            return step(x) + step(x)

        return both

    program, run = Program(twice(traced.step)), twice(eager.step)
    for number in range(3):
        run(tapeout.tensor(batch(number)))
        program(batch(number))
    for ours, wanted in zip(traced.values(), eager.values(), strict=True):
        np.testing.assert_array_equal(ours, wanted)
    assert traced.opt.state[traced.bias]["step"].item() == 6


def only_bias(training: Training) -> Any:
    bias, opt = training.bias, training.opt

    def step(x: Any) -> Any:
        opt.zero_grad()
        loss = ((x.sum() + bias) ** 2).mean()
        loss.backward()
        opt.step()
        return loss

    return step


def test_a_program_for_some_of_the_parameters() -> None:
    """Its step count parts from the others', in the trace as in eager steps."""
    eager, traced = Training("Adam", {"lr": 0.1}), Training("Adam", {"lr": 0.1})
    x = tapeout.tensor(batch(0))
    eager.step(x), traced.step(x)
    program = Program(only_bias(traced))
    for number in range(3):
        only_bias(eager)(tapeout.tensor(batch(number)))
        program(batch(number))
    eager.step(x), traced.step(x)
    for ours, wanted in zip(traced.values(), eager.values(), strict=True):
        np.testing.assert_array_equal(ours, wanted)
    assert traced.opt.state[traced.bias]["step"].item() == 5
    assert traced.opt.state[traced.weight]["step"].item() == 2


def test_counts_that_part_within_a_program_are_refused() -> None:
    training = Training("Adam", {})

    def step(x: Any) -> None:
        training.step(x)
        only_bias(training)(x)

    with pytest.raises(TraceError, match="Call the function once before tracing it"):
        trace(step, X)
    step(tapeout.tensor(batch(0)))
    ir.verify(trace(step, X))


def test_loading_state_keeps_the_program() -> None:
    training = Training("Adam", {"lr": 0.1})
    program = Program(training.step)
    program(batch(0))
    saved = {n: v.copy() for n, v in enumerate(training.values())}
    as_saved = training.opt.state_dict()
    state = {
        n: {k: t.numpy().copy() for k, t in tensors.items()}
        for n, tensors in as_saved["state"].items()
    }
    program(batch(1))
    structure = training.opt.structure()
    training.opt.load_state_dict({**as_saved, "state": state})
    assert training.opt.structure() == structure
    for now, then in list(zip(training.values(), saved.values(), strict=True))[2:]:
        np.testing.assert_array_equal(now, then)
    program(batch(2))
    assert training.opt.state[training.weight]["step"].item() == 2


def test_structure_changes_when_state_is_made() -> None:
    training = Training("Adam", {})
    empty = training.opt.structure()
    trace(training.step, X)
    assert training.opt.structure() != empty


class Signs(optim.Optimizer):
    """A rule of the user's own, in the words that PyTorch knows."""

    def __init__(self, params: Any, lr: float, betas: tuple[float, float] = (0.5, 0.25)) -> None:
        super().__init__(params, {"lr": lr, "betas": betas})

    def step(self, closure: Any = None) -> None:
        with tapeout.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p -= group["lr"] * (p.grad.sign() * group["betas"][0] + p * group["betas"][1])


def test_an_optimizer_of_the_users_own_follows_its_numbers() -> None:
    eager, traced = (Training("SGD", {}) for _ in range(2))
    for training in (eager, traced):
        training.opt = Signs([training.weight, training.bias], lr=0.1)
    program, structure = Program(traced.step), traced.opt.structure()
    assert {"lr", "signs.beta1", "signs.beta2"} < {a.name for a in program.func.args}
    for number in range(3):
        for training in (eager, traced):
            training.opt.param_groups[0].update(lr=0.1 * number, betas=(0.5 * number, 0.25))
        eager.step(tapeout.tensor(batch(number)))
        program(batch(number))
    for ours, wanted in zip(traced.values(), eager.values(), strict=True):
        np.testing.assert_array_equal(ours, wanted)
    assert traced.opt.structure() == structure
    assert eager.opt.steps_called == 3


# ---- what cannot be traced


def test_a_learning_rate_set_while_tracing() -> None:
    training = Training("Adam", {"lr": 0.1})

    def step(x: Any) -> None:
        training.opt.param_groups[0]["lr"] = 0.5

    with pytest.raises(TraceError, match=r"'lr' is set to 0.5 .* outside the traced function"):
        trace(step, X)
    assert training.opt.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("kind", ["StepLR", "CosineAnnealingWarmRestarts", "ReduceLROnPlateau"])
def test_a_scheduler_stepped_while_tracing(kind: str) -> None:
    opt = Training("SGD", {"lr": 0.1}).opt
    arguments = {"StepLR": [3], "CosineAnnealingWarmRestarts": [4]}.get(kind, [])
    scheduler: Any = getattr(optim.lr_scheduler, kind)(opt, *arguments)
    before = scheduler.last_epoch

    def step(x: Any) -> None:
        scheduler.step(*([x.sum()] if kind == "ReduceLROnPlateau" else []))

    message = rf"{kind}.step\(\) is called while .* Step the scheduler outside"
    with pytest.raises(TraceError, match=message):
        trace(step, X)
    assert scheduler.last_epoch == before


def test_an_optimizer_made_while_tracing() -> None:
    weight = tapeout.zeros(3, requires_grad=True)

    def step(x: Any) -> None:
        optim.SGD([weight])

    with pytest.raises(TraceError, match="makes a new one in every call"):
        trace(step, X)
