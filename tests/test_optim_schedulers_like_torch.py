"""Every scheduler against PyTorch's: the rates of two groups, step by step, and after loading."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tapeout
from tapeout import optim

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Make = Callable[[Any, Any], Any]
STEPS = 20


def chained(kinds: Any, opt: Any) -> Any:
    return kinds.ChainedScheduler([kinds.ConstantLR(opt, 0.1, 3), kinds.ExponentialLR(opt, 0.9)])


def sequence(kinds: Any, opt: Any) -> Any:
    parts = [
        kinds.LinearLR(opt, 0.1, total_iters=4),
        kinds.StepLR(opt, 3),
        kinds.ExponentialLR(opt, 0.9),
    ]
    return kinds.SequentialLR(opt, parts, milestones=[4, 11])


def nested(kinds: Any, opt: Any) -> Any:
    inner = kinds.SequentialLR(
        opt, [kinds.ConstantLR(opt, 0.5, 3), kinds.StepLR(opt, 2)], milestones=[3]
    )
    return kinds.SequentialLR(opt, [inner, kinds.CosineAnnealingLR(opt, 6)], milestones=[9])


MAKES: dict[str, Make] = {
    "step": lambda k, o: k.StepLR(o, step_size=3, gamma=0.5),
    "multistep": lambda k, o: k.MultiStepLR(o, [2, 5, 5, 9], gamma=0.3),
    "exponential": lambda k, o: k.ExponentialLR(o, 0.9),
    "polynomial": lambda k, o: k.PolynomialLR(o, total_iters=7, power=2.0),
    "lambda": lambda k, o: k.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "lambdas": lambda k, o: k.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: 1 + epoch]),
    "multiplicative": lambda k, o: k.MultiplicativeLR(o, lambda epoch: 0.9 + epoch / 100),
    "constant": lambda k, o: k.ConstantLR(o, factor=0.2, total_iters=4),
    "linear": lambda k, o: k.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=6),
    "cosine": lambda k, o: k.CosineAnnealingLR(o, T_max=5, eta_min=0.001),
    "restarts": lambda k, o: k.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.001),
    "even restarts": lambda k, o: k.CosineAnnealingWarmRestarts(o, T_0=4),
    "one cycle": lambda k, o: k.OneCycleLR(o, max_lr=0.5, total_steps=21),
    "one cycle each": lambda k, o: k.OneCycleLR(
        o, [0.5, 0.2], epochs=3, steps_per_epoch=7, pct_start=0.4, three_phase=True, div_factor=10.0
    ),
    "one linear cycle": lambda k, o: k.OneCycleLR(
        o, 0.5, 24, anneal_strategy="linear", base_momentum=[0.7, 0.8], max_momentum=0.9
    ),
    "one cycle, momentum left alone": lambda k, o: k.OneCycleLR(o, 0.5, 21, cycle_momentum=False),
    "chained": chained,
    "sequence": sequence,
    "nested": nested,
}
CLOSED = (
    "step",
    "multistep",
    "exponential",
    "polynomial",
    "constant",
    "linear",
    "cosine",
    "lambda",
)
every_schedule = pytest.mark.parametrize("make", MAKES.values(), ids=list(MAKES))


def optimizer(frontend: Any, kind: str = "SGD") -> Any:
    params = [frontend.zeros(2, requires_grad=True), frontend.zeros(3, requires_grad=True)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}]
    options = {"momentum": 0.6} if kind == "SGD" else {}
    return getattr(frontend.optim if frontend is torch else optim, kind)(groups, lr=0.1, **options)


def both(make: Make, kind: str = "SGD") -> list[Any]:
    return [
        make(optim.lr_scheduler, optimizer(tapeout, kind)),
        make(torch.optim.lr_scheduler, optimizer(torch, kind)),
    ]


def check(ours: Any, theirs: Any) -> None:
    assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-12, abs=1e-300)
    assert getattr(ours, "last_epoch", None) == getattr(theirs, "last_epoch", None)
    for a, b in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups, strict=True):
        assert set(a) == set(b)
        for key in set(a) & {"lr", "initial_lr", "momentum", "betas", "max_lr", "max_momentum"}:
            assert a[key] == pytest.approx(b[key], rel=1e-12, abs=1e-300)
        assert a.tensor("lr").item() == a["lr"]


@every_schedule
def test_every_step(make: Make) -> None:
    ours, theirs = both(make)
    for _ in range(STEPS):
        check(ours, theirs)
        ours.step()
        theirs.step()
    check(ours, theirs)


def test_one_cycle_turns_beta1() -> None:
    ours, theirs = both(MAKES["one cycle"], "Adam")
    for _ in range(STEPS):
        check(ours, theirs)
        ours.step()
        theirs.step()


@every_schedule
def test_a_rate_changed_by_hand_is_gone_on_from(make: Make) -> None:
    ours, theirs = both(make)
    for number in range(STEPS):
        if number in (4, 9):
            for scheduler in (ours, theirs):
                scheduler.optimizer.param_groups[0]["lr"] *= 3
        ours.step()
        theirs.step()
        check(ours, theirs)


@pytest.mark.parametrize("name", CLOSED)
def test_jumping_to_an_epoch(name: str) -> None:
    ours, theirs = both(MAKES[name])
    for epoch in (6, None, 2, 11, None, None, 0, 5):
        ours.step(epoch)
        theirs.step(epoch)
        check(ours, theirs)


@pytest.mark.parametrize("name", ["restarts", "even restarts"])
def test_jumping_to_a_fraction_of_an_epoch(name: str) -> None:
    ours, theirs = both(MAKES[name])
    for epoch in (0.25, 2.75, 3.0, 9.5, None, 20.9, None, 1.5, None):
        ours.step(epoch)
        theirs.step(epoch)
        check(ours, theirs)


@every_schedule
def test_going_on_from_pytorchs_state(make: Make) -> None:
    _, theirs = both(make)
    ours, _ = both(make)
    for _ in range(7):
        theirs.step()
    ours.load_state_dict(theirs.state_dict())
    for a, b in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups, strict=True):
        a.update({k: v for k, v in b.items() if k != "params"})
    for _ in range(8):
        check(ours, theirs)
        ours.step()
        theirs.step()


@pytest.mark.parametrize(
    "name", ["step", "multistep", "exponential", "cosine", "linear", "restarts"]
)
def test_beginning_at_an_epoch(name: str) -> None:
    """`last_epoch=` resumes a schedule whose optimizer has been restored."""
    made = []
    for kinds, opt in (
        (optim.lr_scheduler, optimizer(tapeout)),
        (torch.optim.lr_scheduler, optimizer(torch)),
    ):
        for group in opt.param_groups:
            group["initial_lr"], group["lr"] = group["lr"], group["lr"] / 2
        arguments: dict[str, Any] = {
            "step": (kinds.StepLR, {"step_size": 3}),
            "multistep": (kinds.MultiStepLR, {"milestones": [5, 7]}),
            "exponential": (kinds.ExponentialLR, {"gamma": 0.9}),
            "cosine": (kinds.CosineAnnealingLR, {"T_max": 9}),
            "linear": (kinds.LinearLR, {"total_iters": 8}),
            "restarts": (kinds.CosineAnnealingWarmRestarts, {"T_0": 10}),
        }
        kind, options = arguments[name]
        made.append(kind(opt, **options, last_epoch=4))
    for _ in range(6):
        check(*made)
        made[0].step()
        made[1].step()


PLATEAUS: list[dict[str, Any]] = [
    {"patience": 2},
    {"patience": 1, "factor": 0.5, "cooldown": 2},
    {"patience": 0, "threshold": 0.3, "min_lr": [0.01, 0.02]},
    {"patience": 1, "threshold": 0.05, "threshold_mode": "abs"},
    {"patience": 1, "mode": "max"},
    {"patience": 1, "mode": "max", "threshold": 0.05, "threshold_mode": "abs", "min_lr": 1e-3},
    {"patience": 0, "eps": 0.05},
]
METRICS = (1.0, 0.8, 0.79, 0.81, 0.9, 0.9, 0.5, 0.5, 0.51, 0.52, 0.5, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1)


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_plateaus(options: dict[str, Any]) -> None:
    ours, theirs = both(lambda k, o: k.ReduceLROnPlateau(o, **options))
    for metric in METRICS:
        ours.step(metric)
        theirs.step(metric)
        check(ours, theirs)
        for name in ("best", "num_bad_epochs", "cooldown_counter", "in_cooldown"):
            assert getattr(ours, name) == getattr(theirs, name)
    assert ours.optimizer.param_groups[0]["lr"] < 0.1 or options.get("eps") == 0.05


def test_warnings_come_where_pytorchs_do() -> None:
    found = []
    for scheduler in both(MAKES["step"]):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step()
            scheduler.step()
            scheduler.step(4)
            scheduler.get_lr()
        found.append([(w.category, w.lineno) for w in caught])
    assert found[0][:2] == found[1][:2]
    assert [category for category, _ in found[0]] == [category for category, _ in found[1]]
    assert len(found[0]) == 3
