"""The command line, one room per command. `COMMANDS` is what there is, in the order in which help lists them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ..ir import IRError
from . import cache, ops, opt, run

COMMANDS = (run, opt, ops, cache)


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
    except (IRError, OSError) as error:
        print(f"tapeout: {error}", file=sys.stderr)
        return 1


def arguments() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        "tapeout", description="An ahead-of-time compiler for PyTorch-style programs."
    )
    parser.add_argument("--version", action="version", version=f"tapeout {version('tapeout')}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for room in COMMANDS:
        room.add(commands)
    return parser
