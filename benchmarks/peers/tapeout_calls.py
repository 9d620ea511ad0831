"""What calls of tapeout's compiled functions cost beyond their arithmetic."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any

import tapeout
from peers.networks import Network
from peers.torch_like import Setup


class Calls:
    """Asked for one figure at a time."""

    def empty(self, rounds: int) -> dict[str, float]:
        """Seconds of a call with two tensors, of a function that does nothing: in Python, and compiled."""

        def nothing(x: Any, y: Any) -> None:
            return None

        x, y = tapeout.zeros(3), tapeout.zeros(5)
        compiled = tapeout.compile(nothing)
        calls = {"Python": nothing, "compiled": compiled}
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, function in calls.items():
                times[name].append(seconds_of(lambda f=function: f(x, y), 20_000))
        bare = seconds_of(lambda: None, 20_000)
        return {name: statistics.median(t) - bare for name, t in times.items()}

    def over(self, network: Network, batches: int, rounds: int) -> dict[str, float]:
        """Seconds of a step: called with one batch, and by `step.over`, in order and shuffled."""
        setup = Setup(tapeout, network)
        step = tapeout.compile(setup.step)
        x, y = map(tapeout.from_numpy, network.data(batches))
        one_x, one_y = setup.x, setup.y

        def called() -> None:
            for _ in repeat(None, batches):
                step(one_x, one_y)

        def over(shuffle: bool) -> Callable[[], object]:
            return lambda: step.over(
                x, y, batch_size=network.batch, shuffle=shuffle, epochs=1, progress=False
            )

        ways = {"called": called, "over": over(False), "over, shuffled": over(True)}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds + 1):  # the first round compiles
            for name, function in ways.items():
                times[name].append(seconds_of(function, 1) / batches)
        return {name: statistics.median(t[1:]) for name, t in times.items()}


def seconds_of(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in repeat(None, calls):
        function()
    return (time.perf_counter() - start) / calls
