"""Rates by the user's own functions of the epoch: one for all groups, or one for each."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from ...tracer.location import blame
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer

Factor = Callable[[Any], float]


class LambdaLR(LRScheduler):
    """The rate a group began with, times its function of the epoch."""

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        groups = len(check_optimizer(optimizer).param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise blame(
                ValueError(
                    f"Expected {groups} lr_lambdas, one for each group, but got {len(self.lr_lambdas)}"
                )
            )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [
            base * f(self.last_epoch)
            for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """As other schedulers'. Of the functions, only the attributes of callable objects are saved."""
        saved = [
            None if isinstance(f, types.FunctionType) else f.__dict__.copy()
            for f in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for f, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                f.__dict__.update(saved)


class MultiplicativeLR(LambdaLR):
    """The present rate, times the group's function of the epoch."""

    def get_lr(self) -> list[float]:
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self._is_initial:
            return rates
        return [lr * f(self.last_epoch) for lr, f in zip(rates, self.lr_lambdas, strict=True)]
