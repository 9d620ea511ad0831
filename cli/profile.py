"""`tapeout profile script.py:step`: where the time of a step goes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from . import script


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "profile",
        help="time a compiled function kernel by kernel, against the machine's limits",
        description=run_profile.__doc__,
    )
    parser.add_argument("target", help=script.HELP)
    parser.add_argument("--steps", type=int, default=100, help="how many (100)")
    parser.add_argument("--threads", type=int, help="how many at most (as compiled)")
    parser.add_argument("--trace", metavar="FILE", help="a time line, for ui.perfetto.dev")
    parser.add_argument("--plot", metavar="FILE", help="a roofline plot, as SVG")
    parser.add_argument("--html", metavar="FILE", help="the report of the compilation, with times")
    parser.add_argument("--json", metavar="FILE", help="the figures; - prints them, not the table")
    parser.add_argument("--no-main", action="store_true", help=script.NO_MAIN)
    parser.set_defaults(command=run_profile)


def run_profile(options: argparse.Namespace) -> int:
    """Run a script, then time a compiled function of it, on copies of its state.

    A name alone is timed with inputs that are made up: normal floats, zeros for integers. What the script prints goes
    to standard error.
    """
    step, args, named = script.chosen(options.target, main=not options.no_main)
    found = step.profile(*args, steps=options.steps, threads=options.threads, **named)
    data = json.dumps(found.data(), indent=2, ensure_ascii=False)
    print(data if options.json == "-" else found)
    if options.json and options.json != "-":
        Path(options.json).write_text(data + "\n", encoding="utf-8")
    if options.trace:
        found.save_trace(options.trace)
        print(f"{options.trace}: open it at https://ui.perfetto.dev", file=sys.stderr)
    if options.plot:
        found.save_plot(options.plot)
    if options.html:
        step.report(options.html, found)
    return 0
