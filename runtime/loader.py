"""Bring object files into this process: link them together with LLVM ORC and hand out addresses.

Code may use what the other objects define, what the caller passes as `imports`, and the C functions of
`ALLOWED`; anything else is refused by name before a byte is linked. A library's code stays in memory as long as its
`Library` does, and functions made by `Library.function` keep it.
"""

from __future__ import annotations

import ctypes
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any

import llvmlite.binding as llvm

from .objects import ObjectError, Symbols, symbols

_LIBM = frozenset(
    re.findall(
        r"\w+",
        """
        acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1
        fabs floor fma fmax fmin fmod frexp hypot ldexp lgamma log log10 log1p log2 modf nearbyint
        pow remainder rint round roundeven sin sincos sinh sqrt tan tanh tgamma trunc
        """,
    )
)
_LIBC = frozenset({"memcmp", "memcpy", "memmove", "memset"})
# What the thread pool is made of.
_THREADS = frozenset(
    {
        "__register_atfork",
        "clock_gettime",
        "pthread_atfork",
        "pthread_create",
        "pthread_detach",
        "pthread_sigmask",
        "sched_getaffinity",
        "sched_yield",
        "syscall",
    }
)

ALLOWED = _LIBM | {f"{name}f" for name in _LIBM} | _LIBC | _THREADS
# Names that the linker itself gives a meaning.
LINKER = frozenset({"_GLOBAL_OFFSET_TABLE_"})


class LoadError(RuntimeError):
    """Object code that cannot be brought into the process."""


class Library:
    """Linked code in memory, and the addresses of its exported symbols."""

    def __init__(self, tracker: Any, addresses: Mapping[str, int]) -> None:
        self._tracker = tracker
        self._addresses = dict(addresses)

    def address(self, symbol: str) -> int:
        """Where a symbol lies; valid as long as this object lives."""
        try:
            return self._addresses[symbol]
        except KeyError:
            known = ", ".join(sorted(self._addresses)) or "nothing"
            raise LoadError(f"the library does not export '{symbol}'; it exports {known}") from None

    def function(self, symbol: str, result: Any, *arguments: Any) -> Any:
        """A symbol as a ctypes function, which keeps the library alive."""
        made: Any = ctypes.CFUNCTYPE(result, *arguments)(self.address(symbol))
        made.library = self
        return made

    def keep_forever(self) -> Library:
        """Never unload this code: for code that threads of its own are running."""
        self._tracker.detach()
        return self


def load(
    objects: Sequence[bytes],
    exports: Sequence[str] | None = None,
    imports: Mapping[str, int] | None = None,
) -> Library:
    """Link object files into one library; `exports` are all their global symbols unless named."""
    tables = [_symbols(code, index) for index, code in enumerate(objects)]
    given = dict(imports or {})
    defined = _all_defined(tables, given)
    outside = frozenset().union(*(table.undefined for table in tables)) - defined - LINKER
    builder = llvm.JITLibraryBuilder()
    for code in objects:
        builder.add_object_img(code)
    for name, address in _addresses_of(outside, given).items():
        builder.import_symbol(name, address)
    wanted = sorted(defined) if exports is None else list(exports)
    _check_exports(wanted, defined)
    for name in wanted:
        builder.export_symbol(name)
    return _link(builder, wanted)


def address_in_process(symbol: str) -> int:
    """Where a function of the C library lies; 0 if this process has no such function."""
    _linker()  # LLVM looks into the process only once it has a linker
    return llvm.address_of_symbol(symbol) or 0


def _link(builder: Any, wanted: Sequence[str]) -> Library:
    try:
        with LINKING:
            tracker = builder.link(_linker(), f"tapeout.{next(_NUMBERS)}")
    except RuntimeError as error:
        raise LoadError(f"LLVM could not link the code: {error}") from error
    return Library(tracker, {name: tracker[name] for name in wanted})


def _symbols(code: bytes, index: int) -> Symbols:
    try:
        return symbols(code)
    except ObjectError as error:
        raise LoadError(f"object {index} cannot be loaded: {error}") from error


def _all_defined(tables: Sequence[Symbols], given: Mapping[str, int]) -> frozenset[str]:
    counts = Counter(name for table in tables for name in table.defined)
    twice = sorted(name for name, times in counts.items() if times > 1)
    if twice:
        raise LoadError(f"more than one object defines {_quoted(twice)}")
    both = sorted(counts.keys() & given.keys())
    if both:
        raise LoadError(f"{_quoted(both)} is imported, but the objects define it too")
    return frozenset(counts)


def _addresses_of(outside: frozenset[str], given: Mapping[str, int]) -> dict[str, int]:
    refused = sorted(outside - given.keys() - ALLOWED)
    if refused:
        raise LoadError(
            f"the code needs {_quoted(refused)}, which no object defines and which is not among "
            "the C functions that compiled code may call; pass its address in `imports` or leave "
            "it out of the code"
        )
    addresses = {
        name: given[name] if name in given else address_in_process(name) for name in outside
    }
    missing = sorted(name for name, address in addresses.items() if not address)
    if missing:
        raise LoadError(f"the code needs {_quoted(missing)}, which this system's C library lacks")
    return addresses


def _check_exports(wanted: Sequence[str], defined: frozenset[str]) -> None:
    unknown = sorted(set(wanted) - defined)
    if unknown:
        raise LoadError(f"{_quoted(unknown)} is to be exported, but no object defines it")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _linker() -> Any:
    with LINKING:
        return _the_linker()


@cache
def _the_linker() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler(suppress_errors=True)


_NUMBERS = count()  # LLVM never forgets the name of a library, so each gets its own
# Held while code is made or brought into the process. A fork waits for it, so that a child never inherits the locks of
# LLVM in a held state.
LINKING = threading.RLock()

_at_fork: Callable[..., None] | None = getattr(os, "register_at_fork", None)
if _at_fork is not None:
    _at_fork(
        before=LINKING.acquire,
        after_in_parent=LINKING.release,
        after_in_child=LINKING.release,
    )
