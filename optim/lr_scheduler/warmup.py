"""Rates that begin smaller: by one factor for a while, or by one that grows evenly."""

from __future__ import annotations

from ...tracer.location import blame
from ..optimizer import Optimizer
from .base import LRScheduler


class ConstantLR(LRScheduler):
    """Times `factor` until `total_iters` epochs have passed."""

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= factor <= 1:
            raise blame(
                ValueError(
                    f"Constant multiplicative factor expected to be between 0 and 1, not {factor}."
                )
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float) -> float:
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1 / self.factor) if self.last_epoch == self.total_iters else lr

    def lr_at(self, base: float) -> float:
        return base * (1 if self.last_epoch >= self.total_iters else self.factor)


class LinearLR(LRScheduler):
    """Times a factor that goes evenly from `start_factor` to `end_factor` in `total_iters` epochs."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise blame(
                ValueError(
                    "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, "
                    f"not {start_factor}."
                )
            )
        if not 0 <= end_factor <= 1:
            raise blame(
                ValueError(
                    f"Ending multiplicative factor expected to be between 0 and 1, not {end_factor}."
                )
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float) -> float:
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return lr * (1 + rise / before)

    def lr_at(self, base: float) -> float:
        passed = min(self.total_iters, self.last_epoch) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * passed)
