"""The smallest part of a program that still goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..ir import Const, Func, Instr, Result

SECONDS = 10.0
"""After so long the smallest part found so far has to do."""


def smallest(func: Func, fails: Callable[[Func], bool]) -> Func:
    """A part of a Func that fails as the whole does: pieces are left out, large ones first."""
    until = time.monotonic() + SECONDS
    kept, size = list(func.body), max(len(func.body) // 2, 1)
    while size:
        at = 0
        while at < len(kept) and time.monotonic() < until:
            without = kept[:at] + kept[at + size :]
            if without and fails(part(func, without)):
                kept = without
            else:
                at += size
        size //= 2
    found = part(func, kept)
    return found if fails(found) else func


def part(func: Func, body: Sequence[Instr]) -> Func:
    """Some instructions as a Func: what they read from outside are its arguments, what is left over its results."""
    made = {r for i in body for r in i.results}
    read = dict.fromkeys(o for i in body for o in i.operands if not isinstance(o, Const))
    updates = {value: into for value, into in func.results if into is not None}
    results = [
        Result(v, updates.get(v)) for i in body for v in i.results if v not in read or v in updates
    ]
    wanted = {*read, *(r.into for r in results if r.into)} - made
    known = [a for a in func.args if a in wanted]
    outside = [*known, *(v for v in read if v in wanted and v not in set(known))]
    return Func(func.name, tuple(outside), tuple(body), tuple(results))


def same_failure(error: BaseException, attempt: Callable[[Func], object]) -> Callable[[Func], bool]:
    """Does an attempt on a Func raise what it raised before?"""

    def fails(func: Func) -> bool:
        try:
            attempt(func)
        except Exception as found:
            return type(found) is type(error)
        return False

    return fails
