"""`tapeout ops`: what there is in the IR."""

from __future__ import annotations

import argparse
from itertools import starmap
from typing import Any

from ..ir import OPS, IRError
from ..ir.attributes import REQUIRED, Attribute
from ..ir.op import did_you_mean
from ..ir.text.printer import attr_text


def add(commands: Any) -> None:
    ops = commands.add_parser("ops", help="list the ops", description=list_ops.__doc__)
    ops.add_argument("name", nargs="*", help="only these")
    ops.set_defaults(command=list_ops)


def list_ops(options: argparse.Namespace) -> int:
    """List the ops of the IR; for named ones also an example of their use and their attributes."""
    for name in options.name or sorted(OPS):
        if name not in OPS:
            raise IRError(f"there is no op '{name}'{did_you_mean(name, OPS)}")
        print(f"{name:<20}{(OPS[name].__doc__ or '').splitlines()[0]}")
        if options.name:
            listed = ", ".join(starmap(attribute, OPS[name].attributes.items()))
            print(f"{'':<20}attributes: {listed or 'none'}")
            print(f"{'':<20}for example {next(OPS[name].samples())}")
    return 0


def attribute(name: str, declared: Attribute) -> str:
    """An attribute's name, and its default if it has one."""
    return name if declared.default is REQUIRED else f"{name}={attr_text(declared.default)}"
