"""`tapeout diff a.tape b.tape`: what differs between two programs, whatever their values are called."""

from __future__ import annotations

import argparse
from typing import Any

from .. import lazy
from ..ir import IRError
from . import colour, tape

_diff = lazy.module("tapeout.inspection.diff")
SAME, DIFFERENT, TROUBLE = 0, 1, 2


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "diff", help="compare two programs, names aside", description=compare.__doc__
    )
    parser.add_argument("first", help="a .tape file, or - for standard input")
    parser.add_argument("second", help="another")
    parser.add_argument(
        "-U", "--context", type=count, default=3, metavar="N", help="lines around a difference (3)"
    )
    parser.set_defaults(command=compare, trouble=TROUBLE)


def count(text: str) -> int:
    """A number of lines."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"a number of lines is 0 or more, not {text}")
    return int(text)


def compare(options: argparse.Namespace) -> int:
    """Compare two programs by what they compute; what values are called does not count.

    The second is printed with the first one's names. The exit status is 0 if they are the same, 1 if they differ, 2 if
    one cannot be read.
    """
    if options.first == options.second == tape.STANDARD_INPUT:
        raise IRError("standard input can be read once: one of the two programs has to be a file")
    first, second = tape.read(options.first), tape.read(options.second)
    lines = _diff.diff(first, second, options.context)
    if not lines:
        return SAME
    head = [f"--- {options.first}", f"+++ {options.second}"]
    colour.show("".join(f"{line}\n" for line in [*head, *lines]), colour.diff)
    return DIFFERENT
