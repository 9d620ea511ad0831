"""A contest: every framework in a process of its own, on the same cores, taking turns at the same network.

Only one of them works at a time; the others sleep on a pipe. Nothing is timed before the results agree.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from peers.child import Child, ChildError
from peers.networks import Array, Network

# Each peer's room, as a column of the tables; the first that is there says what is right.
PEERS = {
    "torch eager": "torch_eager",
    "torch.compile": "torch_compiled",
    "JAX": "jax_jit",
    "tapeout": "tapeout_compiled",
}
STEPS = 5
RESULT_TOLERANCE = 1e-4  # of the largest loss or output
SHAKY = 0.2  # of the median, from the first to the third quartile of the rounds
MOVED_TOLERANCE = 1e-2  # of how far the parameters have moved, in the norm of all of them


class MismatchError(Exception):
    """Two frameworks that should have computed the same did not."""


class Figure:
    """The median of some rounds, and whether they lie too far apart to rely on it."""

    def __init__(self, rounds: Sequence[float]) -> None:
        self.seconds = statistics.median(rounds)
        low, _, high = statistics.quantiles(rounds, n=4, method="inclusive")
        self.shaky = high - low > SHAKY * self.seconds


@dataclass
class Row:
    """One network's figures: the seconds of each round, and to build, by column and way."""

    network: Network
    rounds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    built: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: str = ""

    def best(self, *columns: str) -> Figure | None:
        """The fastest way of these columns."""
        found = [Figure(r) for c in columns for r in self.rounds.get(c, {}).values()]
        return min(found, key=lambda figure: figure.seconds, default=None)


class Contest:
    """The frameworks that are there, each waiting in its process; those that are missing are notes."""

    def __init__(self, peers: dict[str, str], cores: int) -> None:
        self.children: dict[str, Child] = {}
        self.versions: dict[str, str] = {}
        self.notes: list[str] = []
        with held_to_cores(cores):
            for column, room in peers.items():
                self._invite(column, room)

    def _invite(self, column: str, room: str) -> None:
        try:
            child = Child("peers.stand", "Stand", room)
        except ChildError as error:
            self.notes.append(f"{column} is left out: {error}")
            return
        self.children[column] = child
        self.versions[column] = child.ask("version")

    def row(self, network: Network, rounds: int, seconds: float) -> Row:
        row = Row(network)
        for column, child in self.children.items():
            try:
                row.built[column] = child.ask("build", network)
            except ChildError as error:
                row.notes.append(f"{column}: n/a for {network.name}: {error}")
        try:
            self._check(row)
            self._measure(row, rounds, seconds)
        except (MismatchError, ChildError) as error:
            row.rounds, row.wrong = {}, str(error)
        return row

    def _check(self, row: Row) -> None:
        ways = [(column, way) for column, built in row.built.items() for way in built]
        if not ways:
            return
        (column, way), *others = ways
        expected = self.children[column].ask("results", way, STEPS)
        for other, its_way in others:
            found = self.children[other].ask("results", its_way, STEPS)
            names = f"{row.network.name}: {other} ({its_way}) and {column} ({way})"
            check_results(names, found[0], expected[0])
            check_parameters(names, found[1], expected[1], row.network.weights())

    def _measure(self, row: Row, rounds: int, seconds: float) -> None:
        row.rounds = {c: {way: [] for way in built} for c, built in row.built.items()}
        for _ in range(rounds):
            for column, ways in row.rounds.items():
                for way, taken in ways.items():
                    taken.append(self.children[column].ask("round", way, seconds))

    def close(self) -> None:
        for child in self.children.values():
            child.close()


def check_results(names: str, found: Sequence[Array], expected: Sequence[Array]) -> None:
    for step, (a, b) in enumerate(zip(found, expected, strict=True)):
        error, size = np.abs(a - b).max(), np.abs(b).max()
        if not error <= RESULT_TOLERANCE * size:
            raise MismatchError(
                f"{names} disagree in call {step + 1}: they differ by {error:.3g}, of {size:.3g}; "
                f"{RESULT_TOLERANCE:g} of that is allowed"
            )


def check_parameters(
    names: str, found: Sequence[Array], expected: Sequence[Array], before: Sequence[Array]
) -> None:
    if not found:
        return
    moved = norm([b - c for b, c in zip(expected, before, strict=True)])
    apart = norm([a - b for a, b in zip(found, expected, strict=True)])
    if not apart <= MOVED_TOLERANCE * moved:
        raise MismatchError(
            f"{names} disagree in the parameters after {STEPS} steps: they are {apart:.3g} apart, having moved by "
            f"{moved:.3g}; {MOVED_TOLERANCE:g} of that is allowed"
        )


def norm(arrays: Sequence[Array]) -> float:
    return float(np.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays)))


@contextmanager
def held_to_cores(count: int) -> Iterator[None]:
    """Processes started meanwhile are held to so many cores; none is held if that is all there are."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    try:
        if count < len(allowed):
            os.sched_setaffinity(0, sorted(allowed)[-count:])
        yield
    finally:
        os.sched_setaffinity(0, allowed)
