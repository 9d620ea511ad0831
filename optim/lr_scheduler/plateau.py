"""Rates that fall when a metric stops getting better."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ...tracer.location import blame
from ..optimizer import Optimizer
from .base import EPOCH_GIVEN, LRScheduler, check_optimizer, refuse_tracing


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` when the metric given to `step` has not improved for more than `patience` epochs."""

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        _check(mode, threshold_mode, factor)
        self.optimizer = check_optimizer(optimizer)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.default_min_lr = min_lr if isinstance(min_lr, (int, float)) else None
        self.min_lrs = self._lower_bounds(min_lr)
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    @property
    def in_cooldown(self) -> bool:
        """Are bad epochs not counted for now?"""
        return self.cooldown_counter > 0

    def step(self, metrics: Any, epoch: float | None = None) -> None:  # type: ignore[override]
        """Take notice of an epoch's metric."""
        refuse_tracing(self)
        if epoch is not None:
            warnings.warn(EPOCH_GIVEN, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._count(float(metrics))
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _count(self, metric: float) -> None:
        if self._is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bar = self.best * (1 + sign * self.threshold)
        else:
            bar = self.best + sign * self.threshold
        return sign * metric > sign * bar

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            self.min_lrs = self._lower_bounds(
                self.min_lrs if self.default_min_lr is None else self.default_min_lr
            )
        for group, bound in zip(groups, self.min_lrs, strict=True):
            lower = max(group["lr"] * self.factor, bound)
            if group["lr"] - lower > self.eps:
                group["lr"] = lower

    def _lower_bounds(self, min_lr: float | Sequence[float]) -> list[float]:
        groups = len(self.optimizer.param_groups)
        bounds = [min_lr] * groups if isinstance(min_lr, (int, float)) else list(min_lr)
        if len(bounds) != groups:
            raise blame(
                ValueError(f"expected {groups} min_lrs, one for each group, got {len(bounds)}")
            )
        return bounds


def _check(mode: str, threshold_mode: str, factor: float) -> None:
    if factor >= 1:
        raise blame(ValueError(f"Factor should be < 1.0, not {factor}."))
    if mode not in ("min", "max"):
        raise blame(ValueError(f"mode {mode} is unknown! It is 'min' or 'max'"))
    if threshold_mode not in ("rel", "abs"):
        raise blame(ValueError(f"threshold mode {threshold_mode} is unknown! It is 'rel' or 'abs'"))
