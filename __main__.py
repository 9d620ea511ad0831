"""The command line: `tapeout run script.py`, `tapeout opt program.tape`, `tapeout ops`."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from importlib.metadata import version
from pathlib import Path

from .ir import OPS, Func, IRError, parse, print_func, verify
from .ir.passes import PASSES
from .ir.pipeline import Stage, passes_by_name, run_passes, verifying
from .ir.text.printer import attr_text
from .torch_alias import install_as_torch


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
    parser = argparse.ArgumentParser(
        "tapeout", description="An ahead-of-time compiler for PyTorch-style programs."
    )
    parser.add_argument("--version", action="version", version=f"tapeout {version('tapeout')}")
    commands = parser.add_subparsers(metavar="COMMAND")

    run = commands.add_parser(
        "run", help="run a PyTorch script on tapeout", description=run_script.__doc__
    )
    run.add_argument("script", help="a Python file, or with -m a module")
    run.add_argument(
        "-m", dest="module", action="store_true", help="SCRIPT is the name of a module"
    )
    run.add_argument("args", nargs=argparse.REMAINDER, help="passed to the script")
    run.set_defaults(command=run_script)

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

    ops = commands.add_parser("ops", help="list the ops", description=list_ops.__doc__)
    ops.add_argument("name", nargs="*", help="only these")
    ops.set_defaults(command=list_ops)
    return parser


def run_script(options: argparse.Namespace) -> int:
    """Run a script with `import torch` and `import torchvision` served by tapeout."""
    if not options.module and not Path(options.script).is_file():
        raise FileNotFoundError(f"there is no script {options.script}")
    install_as_torch()
    if options.module:
        sys.argv = [options.script, *options.args]
        sys.path.insert(0, "")
        runpy.run_module(options.script, run_name="__main__", alter_sys=True)
        return 0
    sys.argv = [options.script, *options.args]
    sys.path.insert(0, str(Path(options.script).resolve().parent))
    runpy.run_path(options.script, run_name="__main__")
    return 0


def optimize(options: argparse.Namespace) -> int:
    """Read IR text, run passes, print IR text. The program is verified before and after every pass."""
    passes = passes_by_name(options.passes)
    text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text()
    func = verify(parse(text))
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
        print(result, end="")
    return 0


def list_ops(options: argparse.Namespace) -> int:
    """List the ops of the IR; for named ones also an example of their use and their attributes."""
    for name in options.name or sorted(OPS):
        if name not in OPS:
            raise IRError(f"there is no op '{name}'")
        print(f"{name:<20}{(OPS[name].__doc__ or '').splitlines()[0]}")
        if options.name:
            print(f"{'':<20}attributes: {', '.join(map(attribute, fields(OPS[name]))) or 'none'}")  # type: ignore[arg-type]
            print(f"{'':<20}for example {next(OPS[name].samples())}")
    return 0


def attribute(field: Field[object]) -> str:
    """An attribute's name, and its default if it has one."""
    return field.name if field.default is MISSING else f"{field.name}={attr_text(field.default)}"


if __name__ == "__main__":
    sys.exit(main())
