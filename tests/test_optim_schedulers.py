"""Schedulers by themselves: rates by hand, saving, warnings, refusals."""

from __future__ import annotations

import copy
import math
import warnings
from typing import Any

import pytest

import tapeout
from tapeout.optim import SGD, Adagrad
from tapeout.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


def optimizer(lr: float = 1.0, groups: int = 1) -> SGD:
    made = [{"params": [tapeout.zeros(1, requires_grad=True)]} for _ in range(groups)]
    return SGD(made, lr=lr, momentum=0.5)


def rates(scheduler: Any, steps: int) -> list[float]:
    """The rate of each epoch."""
    found = []
    for _ in range(steps):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda o: StepLR(o, 2, gamma=0.5), [1, 1, 0.5, 0.5, 0.25, 0.25]),
        (lambda o: MultiStepLR(o, [1, 4], gamma=0.5), [1, 0.5, 0.5, 0.5, 0.25, 0.25]),
        (lambda o: ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
        (lambda o: LambdaLR(o, lambda epoch: 10 + epoch), [10, 11, 12, 13, 14, 15]),
        (lambda o: ConstantLR(o, 0.5, total_iters=3), [0.5, 0.5, 0.5, 1, 1, 1]),
        (lambda o: LinearLR(o, 0.25, total_iters=3), [0.25, 0.5, 0.75, 1, 1, 1]),
        (lambda o: CosineAnnealingLR(o, 2), [1, 0.5, 0, 0.5, 1, 0.5]),
        (lambda o: CosineAnnealingWarmRestarts(o, 2), [1, 0.5, 1, 0.5, 1, 0.5]),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 2), [1, 1, 0.5, 1, (2 + 2**0.5) / 4, 0.5]),
        (
            lambda o: OneCycleLR(o, 1, 6, pct_start=0.5, anneal_strategy="linear", div_factor=5),
            [0.2, 0.6, 1, 1 - (1 - 2e-5) / 3, 1 - (1 - 2e-5) * 2 / 3, 2e-5],
        ),
        (
            lambda o: SequentialLR(o, [ConstantLR(o, 0.1, 9), ExponentialLR(o, 0.5)], [3]),
            [0.1, 0.1, 0.1, 1, 0.5, 0.25],
        ),
        (
            lambda o: ChainedScheduler([StepLR(o, 2, 0.1), ExponentialLR(o, 0.5)]),
            [1, 0.5, 0.025, 0.0125, 0.000625, 0.0003125],
        ),
    ],
)
def test_rates(make: Any, expected: list[float]) -> None:
    opt = optimizer()
    scheduler = make(opt)
    assert scheduler.get_last_lr() == [opt.param_groups[0]["lr"]]
    assert rates(scheduler, 6) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_two_schedulers_work_on_one_optimizer() -> None:
    opt = optimizer()
    halving, stepping = ExponentialLR(opt, 0.5), StepLR(opt, 2, gamma=0.1)
    opt.step()
    for _ in range(2):
        halving.step()
        stepping.step()
    assert opt.param_groups[0]["lr"] == pytest.approx(0.025)


def test_the_rate_takes_effect() -> None:
    p = tapeout.tensor([2.0], requires_grad=True)
    opt = SGD([p], lr=0.5)
    scheduler = StepLR(opt, 1, gamma=0.5)
    for expected in (1.5, 1.25, 1.125):
        p.grad = tapeout.ones(1)
        opt.step()
        scheduler.step()
        assert p.item() == expected


def test_plateau() -> None:
    opt = optimizer(groups=2)
    scheduler = ReduceLROnPlateau(opt, factor=0.5, patience=1, min_lr=[0.3, 0])
    for metric in (5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0):
        scheduler.step(tapeout.tensor(metric))
    assert scheduler.get_last_lr() == [0.3, 0.125]
    assert scheduler.best == 4.0


def test_one_cycle_moves_momentum_the_other_way() -> None:
    opt = optimizer()
    scheduler = OneCycleLR(opt, 1.0, total_steps=5, pct_start=0.6)
    found = []
    for _ in range(5):
        found.append(opt.param_groups[0]["momentum"])
        assert opt.param_groups[0].tensor("momentum").item() == found[-1]
        opt.step()
        scheduler.step()
    assert found == pytest.approx([0.95, 0.9, 0.85, 0.9, 0.95])


def test_schedulers_of_the_users_own() -> None:
    class Sawtooth(LRScheduler):
        def get_lr(self) -> list[float]:
            return [base * (1 + self.last_epoch % 2) for base in self.base_lrs]

    assert rates(Sawtooth(optimizer(0.5)), 4) == [0.5, 1.0, 0.5, 1.0]

    class Nothing(LRScheduler):
        pass

    with pytest.raises(NotImplementedError, match="Nothing needs next_lr"):
        Nothing(optimizer())


# ---- saving


@pytest.mark.parametrize(
    "make",
    [
        lambda o: StepLR(o, 3),
        lambda o: MultiStepLR(o, [5, 9]),
        lambda o: LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
        lambda o: CosineAnnealingLR(o, 9),
        lambda o: CosineAnnealingWarmRestarts(o, 3, 2),
        lambda o: OneCycleLR(o, 2.0, 20),
        lambda o: SequentialLR(o, [LinearLR(o), StepLR(o, 2)], [6]),
        lambda o: ChainedScheduler([LinearLR(o), StepLR(o, 2)]),
    ],
)
def test_a_loaded_schedule_goes_on(make: Any) -> None:
    first = make(optimizer(0.8))
    rates(first, 4)
    second = make(optimizer(0.8))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert second.get_last_lr() == first.get_last_lr()
    assert rates(second, 8) == rates(first, 8)


def test_a_loaded_plateau_goes_on() -> None:
    first, second = (ReduceLROnPlateau(optimizer(), patience=1) for _ in range(2))
    first.step(3.0)
    first.step(4.0)
    second.load_state_dict(first.state_dict())
    second.step(5.0)
    assert second.get_last_lr() == [pytest.approx(0.1)]


def test_the_optimizer_is_not_saved_and_functions_are_not() -> None:
    class Decay:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, epoch: int) -> float:
            return float(self.factor**epoch)

    opt = optimizer(groups=2)
    scheduler = LambdaLR(opt, [Decay(0.5), lambda epoch: 1.0])
    saved = scheduler.state_dict()
    assert "optimizer" not in saved
    assert saved["lr_lambdas"] == [{"factor": 0.5}, None]
    other = LambdaLR(optimizer(groups=2), [Decay(0.1), lambda epoch: 1.0])
    other.load_state_dict(saved)
    other.optimizer.step()
    other.step()
    assert other.get_last_lr() == [0.5, 1.0]


# ---- warnings and refusals


def test_stepping_before_the_optimizer_warns_once() -> None:
    scheduler = StepLR(optimizer(), 3)
    with pytest.warns(UserWarning, match=r"before optimizer.step\(\), so the first value"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_the_right_order_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates(StepLR(optimizer(), 3), 3)


def test_get_lr_by_hand_warns() -> None:
    with pytest.warns(UserWarning, match="use `get_last_lr"):
        ExponentialLR(optimizer(), 0.5).get_lr()


def test_an_epoch_by_hand_warns_and_jumps() -> None:
    scheduler = ExponentialLR(optimizer(), 0.5)
    scheduler.optimizer.step()
    with pytest.warns(UserWarning, match=r"scheduler.step\(epoch\) is deprecated"):
        scheduler.step(3)
    assert scheduler.get_last_lr() == [0.125]


def test_one_cycle_ends() -> None:
    scheduler = OneCycleLR(optimizer(), 1.0, total_steps=3)
    rates(scheduler, 3)
    with pytest.raises(ValueError, match=r"Tried to step 4 times\. .* total steps is 3"):
        scheduler.step()


def other_optimizer(opt: Any) -> Any:
    return SequentialLR(opt, [StepLR(opt, 1), StepLR(optimizer(), 1)], [3])


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda o: StepLR(3, 1), TypeError, "int is not an Optimizer"),  # type: ignore[arg-type]
        (lambda o: StepLR(o, 1, last_epoch=2), KeyError, "initial_lr.* last_epoch=2"),
        (lambda o: LambdaLR(o, [math.sin] * 2), ValueError, "Expected 1 lr_lambdas, .* got 2"),
        (lambda o: ConstantLR(o, 1.5), ValueError, "between 0 and 1, not 1.5"),
        (lambda o: LinearLR(o, 0.0), ValueError, "greater than 0 and less or equal to 1, not 0.0"),
        (lambda o: LinearLR(o, end_factor=-1), ValueError, "Ending .* not -1"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "positive integer T_0, .* 0"),
        (lambda o: CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "T_mult >= 1, but got 0"),
        (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0, not 1.0"),
        (lambda o: ReduceLROnPlateau(o, "up"), ValueError, "mode up is unknown"),
        (
            lambda o: ReduceLROnPlateau(o, threshold_mode="x"),
            ValueError,
            "threshold mode x is unknown",
        ),
        (lambda o: ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "expected 1 min_lrs, .* got 2"),
        (lambda o: OneCycleLR(o, 1.0), ValueError, "either total_steps OR"),
        (lambda o: OneCycleLR(o, 1.0, 0), ValueError, "positive integer total_steps, but got 0"),
        (lambda o: OneCycleLR(o, 1.0, 9, pct_start=2.0), ValueError, "pct_start, but got 2.0"),
        (lambda o: OneCycleLR(o, 1.0, 9, anneal_strategy="x"), ValueError, "instead got x"),
        (
            lambda o: OneCycleLR(o, [1.0, 2.0], 9),
            ValueError,
            "max_lr must have one value .* 1 gr.* 2",
        ),
        (lambda o: SequentialLR(o, [], []), ValueError, "got no scheduler"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)], [1]), ValueError, "schedulers 1 .* equal to 1"),
        (
            lambda o: ChainedScheduler([ReduceLROnPlateau(o)]),
            ValueError,
            "ReduceLROnPlateau.* index 0",
        ),
        (other_optimizer, ValueError, "StepLR at index 1 has another one"),
    ],
)
def test_refusals(make: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make(optimizer())


def test_cycling_momentum_needs_momentum() -> None:
    opt = Adagrad([tapeout.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match="Adagrad has neither; pass cycle_momentum=False"):
        OneCycleLR(opt, 1.0, 9)
    assert OneCycleLR(opt, 1.0, 9, cycle_momentum=False).get_last_lr() == [pytest.approx(0.04)]
