"""One piece of memory for all temporaries: which bytes each gets, so that the whole is small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

ALIGNMENT = 64
ENDS = ("first", "last")


class Tenant(Protocol):
    """Something that needs bytes from one instruction to another."""

    nbytes: int
    first: int
    last: int
    offset: int


ORDERS: tuple[Callable[[Tenant], Any], ...] = (
    lambda t: t.first,
    lambda t: -t.nbytes,
    lambda t: -t.nbytes * (t.last - t.first + 1),
)
"""In which order they choose; none is best for all programs, so all are tried."""


def placed(tenants: Sequence[Tenant]) -> int:
    """Give each its offset; how many bytes the arena has."""
    best = min((_first_fit(sorted(tenants, key=order)) for order in ORDERS), key=_total)
    for tenant, offset in best:
        tenant.offset = offset
    return _total(best)


def _first_fit(tenants: Sequence[Tenant]) -> list[tuple[Tenant, int]]:
    """Each at the lowest place that is free for as long as it is needed."""
    first, last = (np.array([getattr(t, end) for t in tenants], np.int64) for end in ENDS)
    start, stop = np.zeros((2, len(tenants)), np.int64)
    for n, tenant in enumerate(tenants):
        near = np.flatnonzero((last[:n] >= tenant.first) & (first[:n] <= tenant.last))
        near = near[np.argsort(start[near], kind="stable")]
        taken = np.maximum.accumulate(np.concatenate(([0], stop[near])))
        fits = np.append(taken[:-1] + tenant.nbytes <= start[near], True)
        start[n] = taken[np.argmax(fits)]
        stop[n] = _aligned(int(start[n]) + tenant.nbytes)
    return list(zip(tenants, map(int, start), strict=True))


def _total(placed: Sequence[tuple[Tenant, int]]) -> int:
    return _aligned(max((offset + tenant.nbytes for tenant, offset in placed), default=0))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
