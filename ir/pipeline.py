"""Running passes one after the other, with one hook that sees every step (to verify, print or time it)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .errors import IRError
from .func import Func
from .op import did_you_mean
from .passes import PASSES, Pass
from .verifier import verify


class Stage(NamedTuple):
    """What the hook is told after each pass."""

    name: str
    before: Func
    after: Func
    seconds: float


Hook = Callable[[Stage], None]


def run_passes(func: Func, passes: Iterable[Pass], hook: Hook | None = None) -> Func:
    """The Func after all passes."""
    for step in passes:
        start = time.perf_counter()
        after = step(func)
        if hook:
            hook(Stage(step.name, func, after, time.perf_counter() - start))
        func = after
    return func


def passes_by_name(names: str) -> list[Pass]:
    """The passes of a comma-separated list."""
    listed = [n.strip() for n in names.split(",") if n.strip()]
    for name in listed:
        if name not in PASSES:
            raise IRError(f"unknown pass '{name}'{did_you_mean(name, PASSES)}")
    return [PASSES[name] for name in listed]


def verifying(stage: Stage) -> None:
    """A hook that checks every pass's output."""
    try:
        verify(stage.after)
    except IRError as error:
        raise IRError(f"after the pass '{stage.name}': {error}") from None
