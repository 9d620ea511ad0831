"""Step counts. Parameters that have taken the same steps share one tensor, so that what follows from the count (bias
corrections) is computed once for all of them. Where one of them sits a step out, the others go on with a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..ir.dtypes import float32
from ..tracer import Tensor, TraceError
from ..tracer.location import blame
from ..tracer.modes import modes
from ..tracer.reading import read
from ..tracer.var import Var
from .arithmetic import ONE_MORE, add, put
from .groups import scalar

State = Mapping[Tensor, dict[str, Any]]
Cluster = tuple[Tensor, list[Tensor]]


def start(state: State, params: Iterable[Tensor], key: str) -> bool:
    """Give the parameters that have no clock yet one that they share. Were there any?"""
    without = [state[p] for p in params if key not in state[p]]
    # Moments without a clock have seen a step: they are older than the option that needs the clock.
    late = [s for s in without if s]
    new = [s for s in without if not s]
    for at, states in ((0.0, new), (1.0, late)):
        clock = scalar(at, float32.numpy) if states else None
        for s in states:
            s[key] = clock
    return bool(without)


def clusters(state: State, params: Iterable[Tensor], key: str) -> list[Cluster]:
    """The parameters by the clock that they share."""
    found: dict[int, Cluster] = {}
    for p in params:
        clock = state[p][key]
        found.setdefault(id(clock), (clock, []))[1].append(p)
    return list(found.values())


def separate(state: State, ready: list[Tensor], everyone: list[Tensor], key: str) -> bool:
    """Give those that step now a clock of their own wherever others that share theirs do not. Was it needed?"""
    if len(ready) == len(everyone):
        return False
    stepping = set(map(id, ready))
    waiting = {id(state[p][key]) for p in everyone if id(p) not in stepping and key in state[p]}
    split = [c for c in clusters(state, ready, key) if id(c[0]) in waiting]
    for clock, members in split:
        copy = _copy(clock)
        for p in members:
            state[p][key] = copy
    return bool(split)


def _copy(clock: Tensor) -> Tensor:
    if modes.trace is not None and id(clock) in modes.trace.slots:
        raise blame(
            TraceError(
                "the traced function steps an optimizer twice, and different parameters have gradients each time, so "
                "their step counts part in the middle of the program. Call the function once before tracing it: then "
                "each has its own count from the beginning"
            )
        )
    array = clock._var.array
    assert array is not None
    return scalar(array.item(), array.dtype)


def tick(clock: Tensor) -> Var:
    """Count one more step."""
    return put(clock, add(read(clock), ONE_MORE))
