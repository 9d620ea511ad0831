"""Schedulers made of schedulers: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...tracer.location import blame
from ..optimizer import Optimizer
from .base import LRScheduler, refuse_tracing
from .plateau import ReduceLROnPlateau


class _Several(LRScheduler):
    """Saves and loads several schedulers together."""

    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        own = {k: v for k, v in super().state_dict().items() if k != "_schedulers"}
        return {**own, "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)

    def _accept(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        if not schedulers:
            raise blame(ValueError(f"{name} expects at least one scheduler, but got no scheduler."))
        for i, each in enumerate(schedulers):
            if isinstance(each, ReduceLROnPlateau):
                raise blame(
                    ValueError(
                        f"{name} does not support ReduceLROnPlateau, whose step() needs a metric, but got one at "
                        f"index {i}; step it by itself"
                    )
                )
            if each.optimizer is not (optimizer or schedulers[0].optimizer):
                raise blame(
                    ValueError(
                        f"{name} expects all schedulers to belong to the same optimizer, but "
                        f"{type(each).__name__} at index {i} has another one"
                    )
                )
        self._schedulers = list(schedulers)
        self.optimizer = schedulers[0].optimizer


class SequentialLR(_Several):
    """One scheduler after the other; `milestones` are the epochs at which the next one begins."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._accept(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise blame(
                ValueError(
                    "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                    f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones "
                    f"to be equal to {len(milestones)}"
                )
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(self._schedulers)
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: float | None = None) -> None:
        """Go on with the scheduler whose turn it is."""
        refuse_tracing(self)
        if epoch is not None:
            raise blame(
                TypeError("SequentialLR.step() takes no epoch: it cannot jump into a schedule")
            )
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(schedulers: Sequence[LRScheduler]) -> None:
    """Take back the epoch that each scheduler counted when it was made."""
    for scheduler in schedulers:
        if isinstance(scheduler, _Several):
            _undo(scheduler._schedulers)
        else:
            scheduler.last_epoch -= 1


class ChainedScheduler(_Several):
    """All schedulers at every step, each going on from the rate that the one before has set."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        self._accept(schedulers, optimizer)
        self._last_lr = self._rates()

    def step(self, epoch: float | None = None) -> None:
        """Step all schedulers."""
        refuse_tracing(self)
        if epoch is not None:
            raise blame(
                TypeError("ChainedScheduler.step() takes no epoch: it cannot jump into a schedule")
            )
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]
