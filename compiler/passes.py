"""What is done to a traced program before a backend gets it. Gradients are in it already: the trace took them."""

from __future__ import annotations

import os

from ..ir.func import Func
from ..ir.passes import PASSES, Pass
from ..ir.pipeline import run_passes, verifying

PIPELINE = ("undetach", "simplify", "cse", "dce", "fuse")


def passes() -> list[Pass]:
    """The passes, in order."""
    return [PASSES[name] for name in PIPELINE]


def optimised(func: Func) -> Func:
    """The program after all passes; with TAPEOUT_DEBUG=1 it is verified after each."""
    checked = os.environ.get("TAPEOUT_DEBUG", "0") not in ("", "0")
    return run_passes(func, passes(), verifying if checked else None)
