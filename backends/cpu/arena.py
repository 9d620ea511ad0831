"""One piece of memory for all temporaries: which bytes each gets, so that the whole is small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

ALIGNMENT = 64


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
    placed: list[tuple[Tenant, int]] = []
    for tenant in tenants:
        offset = 0
        near = [(at, o) for o, at in placed if o.last >= tenant.first and o.first <= tenant.last]
        for at, other in sorted(near, key=lambda pair: pair[0]):
            if offset + tenant.nbytes <= at:
                break
            offset = max(offset, _aligned(at + other.nbytes))
        placed.append((tenant, offset))
    return placed


def _total(placed: Sequence[tuple[Tenant, int]]) -> int:
    return _aligned(max((offset + tenant.nbytes for tenant, offset in placed), default=0))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
