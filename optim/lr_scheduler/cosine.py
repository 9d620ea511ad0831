"""Rates along a cosine, from the first down to `eta_min`: up and down again, or starting over."""

from __future__ import annotations

import math
from typing import Any

from ...tracer.location import blame
from ..optimizer import Optimizer
from .base import LRScheduler, refuse_tracing


def along_cosine(start: float, end: float, part: float) -> float:
    """From start (part 0) to end (part 1) along half a wave."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    """Down to `eta_min` in `T_max` epochs, up again in as many, and so on."""

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float) -> float:
        if self._is_initial:
            return lr
        if self._step_count == 1 and self.last_epoch > 0:
            return self.lr_at(base)
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # At the bottom the rate is eta_min whatever it was before, so no ratio leads up again.
            return lr + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return self.eta_min + (lr - self.eta_min) * ratio

    def lr_at(self, base: float) -> float:
        return along_cosine(base, self.eta_min, self.last_epoch / self.T_max)

    def _height(self, epoch: float) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down to `eta_min` in `T_0` epochs, then from the top again, each time in `T_mult` times as many."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        _check_periods(T_0, T_mult)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float) -> float:
        return along_cosine(base, self.eta_min, self.T_cur / self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go on by one epoch, or to the one given, which may be a fraction: `step(epoch + batch / batches)`."""
        refuse_tracing(self)
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self._count()
        else:
            epoch = 0 if epoch is None else epoch
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        self._set(self._next())

    def _count(self) -> None:
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult

    def _jump(self, epoch: float) -> None:
        if epoch < 0:
            raise blame(ValueError(f"Expected non-negative epoch, but got {epoch}"))
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
            return
        begun, self.T_i = 0, self.T_0
        while epoch >= begun + self.T_i:
            begun += self.T_i
            self.T_i *= self.T_mult
        self.T_cur = epoch - begun


def _check_periods(first: Any, growth: Any) -> None:
    if not isinstance(first, int) or first <= 0:
        raise blame(ValueError(f"Expected positive integer T_0, but got {first}"))
    if not isinstance(growth, int) or growth < 1:
        raise blame(ValueError(f"Expected integer T_mult >= 1, but got {growth}"))
