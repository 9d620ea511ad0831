"""Make objects of Python classes in native code: many times as fast as their constructors, for calls that return one.

An object is made as a copy of a pattern, all of whose slots are taken over but for some that get something new: another
such copy, or what a callable returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from .assemble import assemble
from .builtin import builtin, python_functions
from .copies_ir import (
    COPY,
    COUNTED,
    PYTHON,
    Copied,
    call_symbol,
    class_symbol,
    copies_ir,
    pattern_symbol,
)
from .loader import load
from .object_layout import slot_offset

_UNCOUNTED = np.zeros(1, np.int64)


@dataclass(frozen=True)
class Pattern:
    """An object to be copied, and by the names of its slots what is new in a copy. All else must be in slots."""

    of: Any
    fresh: Mapping[str, New] = field(default_factory=dict)


New: TypeAlias = Pattern | Callable[[], object]


class Copier:
    """What a function that makes copies has as its `__self__`: it keeps what the code refers to."""

    def __init__(self, *kept: object) -> None:
        self._kept = list(kept)

    def hold(self, thing: object) -> None:
        self._kept.append(thing)


def make_copier(
    name: str, pattern: Pattern, counted: int | None = None, keep: object = None
) -> Callable[[], Any]:
    """A builtin function that returns a new copy of the pattern; `counted` is the address of an int64 to count them."""
    objects = list(_flat(pattern))
    calls = [new for each in objects for new in each.fresh.values() if not isinstance(new, Pattern)]
    text = copies_ir([_copied(each, objects, calls) for each in objects])
    imports = {
        **python_functions(*PYTHON),
        **{class_symbol(i): id(type(each.of)) for i, each in enumerate(objects)},
        **{pattern_symbol(i): id(each.of) for i, each in enumerate(objects)},
        **{call_symbol(i): id(call) for i, call in enumerate(calls)},
        COUNTED: _UNCOUNTED.ctypes.data if counted is None else counted,
    }
    library = load([assemble(text)], [COPY], imports)
    copier = Copier(library, objects, calls, keep)
    function, definition = builtin(library.address(COPY), copier, name, f"{name}()", False)
    copier.hold(definition)
    return function


def _flat(pattern: Pattern) -> Iterator[Pattern]:
    """A pattern, then those in its slots."""
    yield pattern
    for new in pattern.fresh.values():
        if isinstance(new, Pattern):
            yield from _flat(new)


def _copied(pattern: Pattern, objects: list[Pattern], calls: list[Callable[[], object]]) -> Copied:
    cls = type(pattern.of)
    new = {slot_offset(cls, name): new for name, new in pattern.fresh.items()}
    return Copied(
        tuple(at for at in _slots(cls) if at not in new),
        tuple((at, _place(objects, n)) for at, n in new.items() if isinstance(n, Pattern)),
        tuple((at, _place(calls, n)) for at, n in new.items() if not isinstance(n, Pattern)),
    )


def _place(things: list[Any], thing: object) -> int:
    return next(i for i, each in enumerate(things) if each is thing)


def _slots(cls: type) -> tuple[int, ...]:
    """Where the slots of a class, and of those it comes from, are."""
    named = (vars(base).get("__slots__", ()) for base in cls.__mro__)
    names = [n for slots in named for n in ((slots,) if isinstance(slots, str) else slots)]
    return tuple(slot_offset(cls, n) for n in names if n not in ("__dict__", "__weakref__"))
