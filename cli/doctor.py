"""`tapeout doctor`: what tapeout finds on this machine, and whether it works."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .. import lazy

_machine = lazy.module("tapeout.inspection.machine")

PACKAGES = ("tapeout", "numpy", "numba", "llvmlite", "ml_dtypes", "safetensors", "platformdirs")


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="versions, CPU, limits, cache, GPU: what is there, and whether it works",
        description=examine.__doc__,
    )
    parser.add_argument("--measure", action="store_true", help="measure the limits once more")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=examine)


def examine(options: argparse.Namespace) -> int:
    """Look at this machine and try to compile. The exit status is 1 if something does not work."""
    parts: dict[str, Callable[[], str]] = {
        "python": lambda: f"{platform.python_version()} at {sys.executable}",
        "system": lambda: f"{platform.system()} {platform.release()}, {platform.machine()}",
        "packages": _packages,
        "cpu": lambda: str(_machine.cpu()),
        "caches": lambda: str(_machine.memories()),
        "threads": lambda: str(_machine.threads()),
        "compiler": lambda: str(_machine.tried()),
        "limits": lambda: str(_machine.limits_of_all(options.measure)),
        "cache": lambda: str(_machine.stored()),
        "gpu": lambda: str(_machine.gpu()),
    }
    found = {name: _told(part) for name, part in parts.items()}
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(*(_entry(name, text) for name, text in found.items()), sep="\n")
    return int(any(text.startswith(FAILED) for text in found.values()))


FAILED = "FAILED: "


def _told(part: Callable[[], str]) -> str:
    try:
        return part()
    except Exception as error:  # whatever it is, the other parts are of interest
        return f"{FAILED}{type(error).__name__}: {error}"


def _entry(name: str, text: str) -> str:
    return f"{name:<10}" + text.replace("\n", f"\n{'':<10}")


def _packages() -> str:
    return ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is missing"
