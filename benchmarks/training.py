"""Training steps and inference in tapeout, PyTorch (eager and compiled) and JAX, side by side in one run.

The frameworks have the same networks, weights and batches, and must agree on losses and parameters before they are
timed. Each works in a process of its own, in rounds that take turns; the figure is the median round of a framework's
fastest way. With `--cores 1` all are held to one core, with `--cores 2` to two, with default threads; the default is
both. Run it with `make bench`, or `python benchmarks/training.py`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peers import report
from peers.child import Child, ChildError
from peers.contest import PEERS, Contest, Row
from peers.load import Load
from peers.networks import INFERENCE, SEED, TINY, TRAINING, WIDE, Network
from peers.starts import WAYS, starts
from side_by_side import machine

EAGER = "tapeout eager"


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    training: Sequence[Network] = TRAINING
    inference: Sequence[Network] = INFERENCE
    started: Sequence[Network] = (SEED, WIDE)
    rounds: int = 7
    seconds: float = 0.03
    warm_starts: int = 1
    batches: int = 500  # an epoch of step.over


QUICK = Plan((TINY, SEED), INFERENCE[:1], (SEED,), rounds=2, seconds=0.01, warm_starts=1, batches=5)
PLANS = {False: Plan(), True: QUICK}


@dataclass
class Options:
    """The command line."""

    cores: Sequence[int]
    plan: Plan
    sections: Sequence[str]
    peers: dict[str, str]


def contests(options: Options) -> dict[str, Any]:
    """Training and inference, on each number of cores."""
    found: dict[str, Any] = {}
    for cores in options.cores:
        load, contest = Load(), Contest(options.peers, cores)
        print(
            f"\n{', '.join(dict.fromkeys(contest.versions.values()))}, on {cores} core{'s' * (cores > 1)}"
        )
        print(*contest.notes, sep="\n", end="\n" * bool(contest.notes))
        networks = [*options.plan.training, *options.plan.inference]
        rows = table(contest, networks, options)
        contest.close()
        print(others := load.others())
        found[str(cores)] = {
            "load": others,
            "versions": contest.versions,
            "rows": [asdict(row) for row in rows],
        }
    return found


def table(contest: Contest, networks: Sequence[Network], options: Options) -> list[Row]:
    extra = [column for column in options.peers if column not in report.TIMED]
    print("a ~ marks medians of rounds that lie far apart: something else used the machine")
    print(report.contest_heading(extra), flush=True)
    rows = []
    for network in networks:
        rows.append(contest.row(network, options.plan.rounds, options.plan.seconds))
        print(report.contest_line(rows[-1], extra), flush=True)
    for row in rows:
        print(*row.notes, sep="\n", end="\n" * bool(row.notes))
    print("to build and run once, seconds:", built(rows))
    return rows


def built(rows: Sequence[Row]) -> str:
    """Each way's median and longest time."""
    seconds: dict[str, list[float]] = {}
    for row in rows:
        for column, ways in row.built.items():
            for way, taken in ways.items():
                seconds.setdefault(f"{column} ({way})", []).append(taken)
    parts = (f"{n} {statistics.median(s):.2f}, at most {max(s):.2f}" for n, s in seconds.items())
    return "; ".join(parts)


def process_starts(options: Options) -> dict[str, Any]:
    """From nothing to the first step, in fresh processes; and what memory they need."""
    found: dict[str, Any] = {}
    for network in options.plan.started:
        title = f"a process with one step of {network.name}"
        print(
            "\n" + report.line(title, ["cold, s", "first call, s", "warm, s", "peak, MB"]),
            flush=True,
        )
        for column, way in WAYS.items():
            try:
                cold, warm = starts(way, network, options.plan.warm_starts)
            except RuntimeError as error:
                print(report.line(f"  {column}", [f"n/a: {error}"]), flush=True)
                continue
            median = statistics.median(s.seconds for s in warm)
            print(report.start_line(f"  {column}", cold, median), flush=True)
            found[f"{network.name}, {column}"] = {**asdict(cold), "warm": median}
    return found


def calls(options: Options) -> dict[str, Any]:
    """What is tapeout's alone: the cost of a call, and of a step of step.over."""
    plan, found = options.plan, dict[str, Any]()
    print()
    child = Child("peers.tapeout_calls", "Calls")
    show(found, child, "a call of a function that does nothing", "empty", plan.rounds)
    for network in (TINY, SEED):
        show(found, child, f"a step of {network.name}", "over", network, plan.batches, 5)
    child.close()
    return found


def needs(options: Options) -> dict[str, Any]:
    """What tapeout's programs have to do, and the least time for it by the measured limits of the machine."""
    cores, found = tuple(sorted(options.cores)), dict[str, Any]()
    print("\n" + report.need_heading(cores), flush=True)
    child = Child("peers.tapeout_needs", "Needs")
    for network in (*options.plan.training, *options.plan.inference):
        try:
            need = child.ask("need", network, cores)
        except ChildError as error:
            print(f"{network.name}: n/a: {error}", flush=True)
            continue
        print(report.need_line(network.name, need), flush=True)
        found[network.name] = need._asdict()
    child.close()
    return found


def show(found: dict[str, Any], child: Child, title: str, method: str, *arguments: Any) -> None:
    try:
        answer: dict[str, float] = child.ask(method, *arguments)
    except ChildError as error:
        print(f"{title}: n/a: {error}", flush=True)
        return
    for name, seconds in answer.items():
        found[f"{title}, {name}"] = seconds
        print(f"{title}, {name}: {seconds * 1e6:,.3f} µs", flush=True)


SECTIONS: dict[str, Callable[[Options], dict[str, Any]]] = {
    "contests": contests,
    "starts": process_starts,
    "calls": calls,
    "needs": needs,
}


def parsed() -> tuple[Options, Path | None]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, action="append", help="default: 2, then 1")
    parser.add_argument("--section", choices=SECTIONS, action="append", help="default: all")
    parser.add_argument("--network", help="only networks with this in their name")
    parser.add_argument("--quick", action="store_true", help="a few rows and rounds, as a test")
    parser.add_argument("--eager", action="store_true", help="tapeout's eager loop as well")
    parser.add_argument("--json", type=Path, help="a file for all the figures")
    given = parser.parse_args()
    peers = {**PEERS, EAGER: "tapeout_eager"} if given.eager else PEERS
    plan = narrowed(PLANS[given.quick], given.network or "")
    options = Options(given.cores or [2, 1], plan, given.section or list(SECTIONS), dict(peers))
    return options, given.json


def narrowed(plan: Plan, word: str) -> Plan:
    parts = {
        part: [network for network in getattr(plan, part) if word in network.name]
        for part in ("training", "inference", "started")
    }
    return Plan(**{**vars(plan), **parts})


def main() -> int:
    options, path = parsed()
    print(machine())
    figures: dict[str, Any] = {"machine": machine()}
    for section in options.sections:
        figures[section] = SECTIONS[section](options)
    if path:
        path.write_text(json.dumps(figures, indent=1) + "\n")
    rows = [row for part in figures.get("contests", {}).values() for row in part["rows"]]
    return 1 if any(row["wrong"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
