"""The command line, one room per command. `COMMANDS` is what there is, in the order in which help lists them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from . import bench, cache, diff, doctor, inspect, ops, opt, profile, run, trouble

COMMANDS = (run, inspect, profile, opt, diff, bench, ops, cache, doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = arguments().parse_args(argv)
    if "command" not in options:
        arguments().print_help()
        return 2
    try:
        return options.command(options) or 0
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - whoever read our output has left
        return 0
    except Exception as error:
        if options.traceback:
            raise
        # A script of the user's shows its errors as Python would, but for what is ours on the way.
        own = trouble.as_python(error) if options.command is run.run_script else ""
        print(own or f"tapeout: {trouble.told(error, _script(options))}", file=sys.stderr)
        return int(getattr(options, "trouble", 1))


def _script(options: argparse.Namespace) -> str:
    """The user's script that a command runs, if it runs one."""
    given: str = getattr(options, "script", "") or getattr(options, "target", "").partition(":")[0]
    return given


def arguments() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        "tapeout", description="An ahead-of-time compiler for PyTorch-style programs."
    )
    parser.add_argument("--version", action="version", version=f"tapeout {version('tapeout')}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for room in COMMANDS:
        room.add(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--traceback", action="store_true", help="show where in tapeout an error comes from"
        )
    return parser
