"""One cycle: the rate rises to a maximum and falls far below its beginning, and momentum goes the other way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ...tracer.location import blame
from ..groups import ParamGroup
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer
from .cosine import along_cosine

Numbers = float | Sequence[float]


class Point(NamedTuple):
    """Where one phase ends and the next begins: a step, and the group's options that hold the values there."""

    step: float
    lr: str
    momentum: str


class OneCycleLR(LRScheduler):
    """From max_lr/div_factor up to max_lr in `pct_start` of the steps, then down to the first over final_div_factor.

    `three_phase` goes down to the beginning first, in as many steps, and then on.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Numbers,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Numbers = 0.85,
        max_momentum: Numbers = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise blame(
                ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
            )
        if anneal_strategy not in ("cos", "linear"):
            raise blame(
                ValueError(
                    f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
                )
            )
        self._anneal_func_type = anneal_strategy
        self._points = _points(pct_start * self.total_steps, self.total_steps, three_phase)
        self.cycle_momentum = cycle_momentum
        self.use_beta1 = "betas" in optimizer.defaults
        rates = _one_each("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, rates, strict=True):
                first = top / div_factor
                group.update(initial_lr=first, max_lr=top, min_lr=first / final_div_factor)
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise blame(
                ValueError(
                    f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
                )
            )
        start, end, part = self._phase()
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(
                    group, self._between(group[start.momentum], group[end.momentum], part)
                )
        return [self._between(g[start.lr], g[end.lr], part) for g in self.optimizer.param_groups]

    def _phase(self) -> tuple[Point, Point, float]:
        """The ends of the phase that this step is in, and how far it has come."""
        phases = list(pairwise(self._points))
        start, end = next((p for p in phases if self.last_epoch <= p[1].step), phases[-1])
        return start, end, (self.last_epoch - start.step) / (end.step - start.step)

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return start + (end - start) * part
        return along_cosine(start, end, part)

    def _begin_momentum(
        self, optimizer: Optimizer, base: Numbers, top: Numbers, last_epoch: int
    ) -> None:
        if not self.use_beta1 and "momentum" not in optimizer.defaults:
            raise blame(
                ValueError(
                    "optimizer must support momentum or beta1 with `cycle_momentum` option enabled, and "
                    f"{type(optimizer).__name__} has neither; pass cycle_momentum=False"
                )
            )
        lows = _one_each("base_momentum", optimizer, base)
        highs = _one_each("max_momentum", optimizer, top)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
                group.update(max_momentum=high, base_momentum=low)
                self._set_momentum(group, high)

    def _set_momentum(self, group: ParamGroup, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def _points(rise: float, total: int, three_phase: bool) -> list[Point]:
    low, top = Point(0.0, "initial_lr", "max_momentum"), Point(rise - 1, "max_lr", "base_momentum")
    last = Point(total - 1, "min_lr", "max_momentum")
    return [low, top, low._replace(step=2 * rise - 2), last] if three_phase else [low, top, last]


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return _positive("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise blame(
            ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        )
    return _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)


def _positive(name: str, number: Any) -> int:
    if isinstance(number, int) and number > 0:
        return number
    raise blame(ValueError(f"Expected positive integer {name}, but got {number}"))


def _one_each(name: str, optimizer: Optimizer, given: Numbers) -> list[float]:
    groups = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * groups  # type: ignore[list-item]
    if len(given) != groups:
        raise blame(
            ValueError(f"{name} must have one value for each of {groups} groups, not {len(given)}")
        )
    return list(given)
