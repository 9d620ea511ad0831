"""What a framework hands over to be measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from peers.networks import Array


def nothing() -> None:
    """Inference has no state to put back."""


@dataclass(frozen=True)
class Runner:
    """One training step, or one inference, ready to be called again and again."""

    call: Callable[[], Any]
    array: Callable[[Any], Array]  # waits for what a call returned: the loss, or the outputs
    reset: Callable[[], None] = nothing  # back to the initial weights and a new optimizer
    parameters: Callable[[], list[Array]] = list  # as `Network.weights` lays them out
    within: Callable[[], AbstractContextManager[Any]] = nullcontext  # entered before any calls
