"""What schedulers share. Most are chainable: the next rate follows from the present one, whoever set it, so that
several schedulers may work on one optimizer. Where the rate at an epoch is also known outright, `step(epoch)` jumps.
"""

from __future__ import annotations

import warnings
from typing import Any

from ...tracer import TraceError, is_tracing
from ...tracer.location import blame
from ..optimizer import Optimizer

TOO_EARLY = (
    "lr_scheduler.step() is called before optimizer.step(), so the first value of the schedule is skipped: call "
    "optimizer.step() first. (Detected call of `lr_scheduler.step()` before `optimizer.step()`.)"
)
EPOCH_GIVEN = "scheduler.step(epoch) is deprecated: call step() without an epoch wherever the schedule simply goes on"
LOOKED_TOO_FAR = (
    "get_lr() computes the next learning rate and is meant for step() itself; "
    "to get the last learning rate computed by the scheduler, please use `get_last_lr()`."
)


def refuse_tracing(scheduler: object) -> None:
    """Schedules are Python, and go on between the calls of a traced program."""
    if is_tracing():
        raise blame(
            TraceError(
                f"{type(scheduler).__name__}.step() is called while the program is being traced, so it would happen "
                "once and never again when the program runs. Step the scheduler outside the traced function, after it: "
                "the program reads the learning rate anew in every call"
            )
        )


def check_optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise blame(TypeError(f"{type(optimizer).__name__} is not an Optimizer"))
    return optimizer


class LRScheduler:
    """Base of all schedulers. A subclass gives `next_lr`, and `lr_at` if there is a closed form."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise blame(
                    KeyError(
                        f"param 'initial_lr' is not specified in param_groups[{number}] when resuming a scheduler at "
                        f"last_epoch={last_epoch}; load the optimizer's state first, or leave last_epoch out"
                    )
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch: float = last_epoch
        self._last_lr: list[float] = []
        self._get_lr_called_within_step = False
        self._is_initial = False
        self._initial_step()

    # ---- what a subclass says

    def next_lr(self, lr: float, base: float) -> float:
        """A group's rate at `last_epoch`, from its rate just before and the one it began with."""
        raise NotImplementedError(f"{type(self).__name__} needs next_lr, or a get_lr of its own")

    def get_lr(self) -> list[float]:
        """The rates of all groups at `last_epoch`."""
        if not self._get_lr_called_within_step:
            warnings.warn(LOOKED_TOO_FAR, UserWarning, stacklevel=2)
        groups = self.optimizer.param_groups
        return [self.next_lr(g["lr"], base) for g, base in zip(groups, self.base_lrs, strict=True)]

    def lr_at(self, base: float) -> float | None:
        """A group's rate at `last_epoch` by a closed form, if there is one."""
        return None

    # ---- what a user calls

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch (or to the one given) and set the rates."""
        refuse_tracing(self)
        if self._step_count == 1 and self.optimizer.steps_called == 0:
            warnings.warn(TOO_EARLY, UserWarning, stacklevel=2)
        if epoch is not None:
            warnings.warn(EPOCH_GIVEN, UserWarning, stacklevel=2)
        self._step_count += 1
        self._update_lr(epoch)

    def get_last_lr(self) -> list[float]:
        """The rates that the last `step` set."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """All there is to save but the optimizer."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` saved."""
        self.__dict__.update(state_dict)

    # ---- how a step is done

    def _initial_step(self) -> None:
        """Set the rates of the epoch to begin with."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _update_lr(self, epoch: float | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        jumped = [] if epoch is None else [self.lr_at(base) for base in self.base_lrs]
        known = [lr for lr in jumped if lr is not None]
        self._set(known or self._next())

    def _next(self) -> list[float]:
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
