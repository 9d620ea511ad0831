"""Where a contestant stands in its own process: it builds its runners, shows that they are right, and runs rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from itertools import repeat
from typing import Any

from peers.networks import Array, Network
from peers.runner import Runner

WARM_UP = 0.004  # seconds; threads of the contestant before may still spin at first


class Stand:
    """One framework's runners for one network at a time, by the name of the way they work."""

    def __init__(self, peer: str) -> None:
        self.peer = import_module(f"peers.{peer}")
        self.runners: dict[str, Runner] = {}

    def version(self) -> str:
        version: str = self.peer.VERSION
        return version

    def build(self, network: Network) -> dict[str, float]:
        """The network in every way the framework has, each with the seconds until it had run once."""
        self.runners = {}
        seconds = {}
        for name, make in self.peer.runners(network).items():
            start = time.perf_counter()
            self.runners[name] = runner = make()
            with runner.within():
                runner.array(runner.call())
            seconds[name] = time.perf_counter() - start
        return seconds

    def results(self, way: str, calls: int) -> tuple[list[Array], list[Array]]:
        """What the first calls return, from the initial weights, and the parameters after them.

        A round goes before, so that these calls take whatever quick path the timed ones take.
        """
        self.round(way, 0)
        runner = self.runners[way]
        runner.reset()
        with runner.within():
            found = [runner.array(runner.call()).copy() for _ in range(calls)]
        return found, runner.parameters()

    def round(self, way: str, seconds: float) -> float:
        """Seconds of a call, from the initial weights on, over so many calls as fill the time."""
        runner = self.runners[way]
        runner.reset()
        calls, taken = 1, timed(runner, 1)
        while taken < WARM_UP:
            calls *= 2
            taken = timed(runner, calls)
        calls = max(1, int(seconds / taken * calls))
        return timed(runner, calls) / calls


def timed(runner: Runner, calls: int) -> float:
    call: Callable[[], Any] = runner.call
    with runner.within():
        start = time.perf_counter()
        for _ in repeat(None, calls):
            result = call()
        runner.array(result)
        return time.perf_counter() - start
