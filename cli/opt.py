"""`tapeout opt program.tape -p grad,cse`: passes by hand, on IR text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..ir import Func, print_func
from ..ir.passes import PASSES
from ..ir.pipeline import Stage, passes_by_name, run_passes, verifying
from . import colour, tape


def add(commands: Any) -> None:
    listed = "\n".join(f"  {p.name:<10}{p.summary}" for p in PASSES.values())
    opt = commands.add_parser(
        "opt",
        help="run passes on IR text",
        description=optimize.__doc__,
        epilog=f"passes:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    opt.add_argument("file", help="a .tape file, or - for standard input")
    opt.add_argument("-p", "--passes", default="", help="comma-separated, in order")
    opt.add_argument(
        "--print-after-all", action="store_true", help="print the program after every pass"
    )
    opt.add_argument("--locs", action="store_true", help="print source locations")
    opt.add_argument("--time", action="store_true", help="print each pass's time to standard error")
    opt.add_argument("-o", "--output", help="write to a file instead of standard output")
    opt.set_defaults(command=optimize)


def optimize(options: argparse.Namespace) -> int:
    """Read IR text, run passes, print IR text. The program is verified before and after every pass."""
    passes = passes_by_name(options.passes)
    func = tape.read(options.file)
    printed: list[str] = []

    def hook(stage: Stage) -> None:
        verifying(stage)
        if options.print_after_all:
            same = str(stage.after) == str(stage.before)
            text = " changed nothing\n" if same else f"\n{shown(stage.after)}"
            printed.append(f"// after {stage.name}:{text}")
        if options.time:
            print(f"{stage.name:<10}{stage.seconds * 1e3:9.2f} ms", file=sys.stderr)

    def shown(func: Func) -> str:
        return print_func(func, locs=options.locs)

    func = run_passes(func, passes, hook)
    result = "\n".join(printed) if options.print_after_all and printed else shown(func)
    if options.output:
        Path(options.output).write_text(result)
    else:
        colour.show(result, colour.ir)
    return 0
