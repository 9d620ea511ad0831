"""`tapeout run script.py`: a PyTorch script on tapeout."""

from __future__ import annotations

import argparse
import importlib.util
import runpy
import sys
from pathlib import Path
from typing import Any

from ..torch_alias import install_as_torch


def add(commands: Any) -> None:
    run = commands.add_parser(
        "run", help="run a PyTorch script on tapeout", description=run_script.__doc__
    )
    run.add_argument("script", help="a Python file, or with -m a module")
    run.add_argument(
        "-m", dest="module", action="store_true", help="SCRIPT is the name of a module"
    )
    run.add_argument("args", nargs=argparse.REMAINDER, help="passed to the script")
    run.set_defaults(command=run_script)


def run_script(options: argparse.Namespace) -> int:
    """Run a script with `import torch` and `import torchvision` served by tapeout."""
    if not options.module and not Path(options.script).is_file():
        raise FileNotFoundError(f"there is no script {options.script}")
    install_as_torch()
    sys.argv = [options.script, *options.args]
    if options.module:
        sys.path.insert(0, "")
        _refuse_unknown(options.script)
        runpy.run_module(options.script, run_name="__main__", alter_sys=True)
        return 0
    sys.path.insert(0, str(Path(options.script).resolve().parent))
    runpy.run_path(options.script, run_name="__main__")
    return 0


def _refuse_unknown(module: str) -> None:
    """Refuse a module that is not there; one that cannot be imported says so itself."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError as error:
        if not error.name or not f"{module}.".startswith(f"{error.name}."):
            raise
        found = None
    if found is None:
        raise FileNotFoundError(f"there is no module {module}")
