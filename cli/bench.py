"""`tapeout bench`: training beside PyTorch and JAX, in a checkout."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "training.py"


def add(commands: Any) -> None:
    # With no prefix characters of its own, it leaves all options to the script, --help as well.
    parser = commands.add_parser(
        "bench",
        help="time training beside PyTorch and JAX (in a checkout)",
        prefix_chars="+",
        add_help=False,
    )
    parser.add_argument("args", nargs=argparse.REMAINDER)
    parser.set_defaults(command=bench, traceback=False)


def bench(options: argparse.Namespace) -> int:
    """Run benchmarks/training.py with these options."""
    if not SCRIPT.is_file():
        raise FileNotFoundError(
            f"there is no {SCRIPT}: the benchmarks come with tapeout's sources and are not installed; run "
            "'make bench' in a checkout"
        )
    return subprocess.run([sys.executable, str(SCRIPT), *options.args], check=False).returncode
