"""`tapeout inspect script.py:step --stage fuse`: what the compiler makes of a function, or of a `.tape` file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import lazy
from ..ir import IRError
from ..ir.pipeline import passes_by_name
from . import colour, script, tape

if TYPE_CHECKING:
    from ..inspection.record import Record

_record = lazy.module("tapeout.inspection.record")
_text = lazy.module("tapeout.inspection.text")
_explain = lazy.module("tapeout.inspection.explain")
_dump = lazy.module("tapeout.inspection.dump")
_report = lazy.module("tapeout.inspection.report")
_pipeline = lazy.module("tapeout.compiler.passes")
KINDS = ("source", "llvm", "asm")
ALL = "all"


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "inspect",
        help="see every stage of a compilation, its kernels, its memory",
        description=inspect.__doc__,
    )
    parser.add_argument("target", help=f"{script.HELP}; or a .tape file, or - for standard input")
    parser.add_argument("--stage", help="print the IR text of a stage, or of all")
    parser.add_argument("--stages", action="store_true", help="list the stages")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", action="store_true", help=f"print the kernels' {kind}")
    parser.add_argument("--compile", action="store_true", help="make all of its native code")
    parser.add_argument("--kernel", metavar="NAME", help="of this kernel only")
    parser.add_argument("--locs", action="store_true", help="print source locations with IR text")
    parser.add_argument("--html", metavar="FILE", help="write the report")
    parser.add_argument("--dump", metavar="DIR", help="write everything to a folder")
    parser.add_argument("-p", "--passes", help="for a .tape file: these, comma-separated")
    parser.add_argument("--no-main", action="store_true", help=script.NO_MAIN)
    parser.set_defaults(command=inspect)


def inspect(options: argparse.Namespace) -> int:
    """Show what the compiler makes of a compiled function: one page about it, unless something else is asked for.

    The script is run to find the function; what it prints goes to standard error.
    """
    record = recorded(options)
    done = options.compile
    if options.compile:
        size = len(record.program.artifact.to_bytes())
        print(f"compiled {record.name}: {size} bytes", file=sys.stderr)
    if options.html:
        Path(options.html).write_text(_report.report_html(record), encoding="utf-8")
        print(f"wrote {options.html}", file=sys.stderr)
        done = True
    if options.dump:
        print(f"wrote {_dump.dump(record, options.dump)}", file=sys.stderr)
        done = True
    if not _printed(record, options) and not done:
        colour.show(_explain.explain(record), colour.page)
    return 0


def recorded(options: argparse.Namespace) -> Record:
    """The compilation that a target names."""
    if options.target == tape.STANDARD_INPUT or options.target.endswith(".tape"):
        listed = options.passes
        passes = _pipeline.passes() if listed is None else passes_by_name(listed)
        found: Record = _record.record(tape.read(options.target), passes)
        return found
    path, _, name = options.target.partition(":")
    if path.endswith(".tape"):
        raise IRError(f"{path} is a program, not a script: leave out :{name}")
    if options.passes is not None:
        raise IRError(
            f"-p is for .tape files; a function of {path} goes through the compiler's own passes"
        )
    step, args, named = script.chosen(options.target, main=not options.no_main)
    if args or named:
        step.compile(*args, **named)
    return step.record()  # type: ignore[no-any-return]


def _printed(record: Record, options: argparse.Namespace) -> bool:
    """Print what was asked for by name, if anything was."""
    kinds = [kind for kind in KINDS if getattr(options, kind)]
    if options.stages:
        colour.show("".join(_listed(record)), colour.plain)
    if options.stage == ALL:
        for stage in record.stages:
            colour.show(f"// {stage.name}\n{record.text(stage.name, options.locs)}", colour.ir)
    elif options.stage:
        colour.show(record.text(options.stage, options.locs), colour.ir)
    for kind in kinds:
        colour.show(_text.code(record, kind, options.kernel), colour.code)
    alone = options.kernel and not kinds
    if alone:
        colour.show(_text.computes(record, options.kernel), colour.ir)
    return bool(options.stages or options.stage or kinds or alone)


def _listed(record: Record) -> list[str]:
    return [
        f"{s.name:<12}{len(s.func.body):>7} instructions{s.seconds * 1e3:10.2f} ms\n"
        for s in record.stages
    ]
