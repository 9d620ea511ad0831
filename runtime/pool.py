"""The process's thread pool: how many threads, and the addresses that programs call it by.

A region is a C function `void fn(ptr argument, i64 part, i64 parts)`. `run` calls it once for each part, the caller
being part 0; all parts run at the same time, so they may meet at barriers. It is called with the number of parts that
there are, which is smaller than asked for when fewer threads are set (or can be started), and 1 when the pool is busy
with another region. Threads start when first needed, sleep when idle, and never keep the process from ending; a forked
child starts its own.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from .assemble import assemble
from .builtin import python_functions
from .loader import LINKING, Library, address_in_process, load
from .pool_ir import (
    EXPORTS,
    GET_THREADS,
    MAX_THREADS,
    PREPARE,
    RUN,
    SET_THREADS,
    machine_of,
    pool_ir,
)
from .turn_ir import GIVE, TAKE, THREAD, TURN_EXPORTS, TURN_IR


@dataclass(frozen=True)
class _Pool:
    library: Library
    run: Callable[[int, int, int], None]
    set_threads: Callable[[int], None]
    get_threads: Callable[[], int]
    take_turn: Callable[[int], None]
    give_turn: Callable[[int], None]


def get_num_threads() -> int:
    """How many threads a region may use; at first the number of cores this process may run on."""
    return _pool().get_threads()


def set_num_threads(count: int) -> None:
    """Let regions that start from now on use up to `count` threads, the caller's included."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"the number of threads must be an int, not {type(count).__name__}")
    if not 1 <= count <= MAX_THREADS:
        raise ValueError(f"the number of threads must be from 1 to {MAX_THREADS}, not {count}")
    if count > 1 and not has_threads():
        warnings.warn(
            f"programs run on one thread on this system ({llvm.get_process_triple()}): "
            f"set_num_threads({count}) has no effect",
            stacklevel=2,
        )
    _pool().set_threads(count)


def has_threads() -> bool:
    """Whether the pool has threads on this system, or runs every region alone."""
    return machine_of(llvm.get_process_triple()) is not None


def run(function: int, argument: int, parts: int) -> None:
    """Call the region at an address on up to `parts` threads. Python's lock is released meanwhile."""
    _pool().run(function, argument, parts)


def turn_functions() -> tuple[Callable[[int], None], Callable[[int], None]]:
    """Functions that take the turn at an address when it is free, and give it back if it is this thread's.

    They are not Python's, and release its lock: between the two an interrupt cannot get in the way of the second.
    """
    return _pool().take_turn, _pool().give_turn


def symbols() -> dict[str, int]:
    """The functions of the pool and of turns by name, to be imported by code that calls them."""
    return {name: _pool().library.address(name) for name in (*EXPORTS, *TURN_EXPORTS)}


_made: list[_Pool] = []
"""The pool, once there is one: looking for it must not wait for who is linking something else."""


def _pool() -> _Pool:
    if _made:
        return _made[0]
    with LINKING:  # so that two threads that ask first do not make two
        _made[:] = [_the_pool()]
        return _made[0]


@cache
def _the_pool() -> _Pool:
    texts = (pool_ir(llvm.get_process_triple(), _fork_registrar()), TURN_IR)
    exports = (*EXPORTS, *TURN_EXPORTS)
    library = load([assemble(text) for text in texts], exports, python_functions(THREAD))
    # Sleeping workers lie in this code until the process ends.
    library.keep_forever()
    # Here, where LINKING keeps forks away: from the first region on, a child must be told that it has no workers.
    _typed(library, PREPARE, None)()
    address, i64 = ctypes.c_void_p, ctypes.c_int64
    return _Pool(
        library,
        _typed(library, RUN, None, address, address, i64),
        _typed(library, SET_THREADS, None, i64),
        _typed(library, GET_THREADS, i64),
        _typed(library, TAKE, None, address),
        _typed(library, GIVE, None, address),
    )


def _typed(library: Library, symbol: str, result: Any, *arguments: Any) -> Any:
    return library.function(symbol, result, *arguments)


def _fork_registrar() -> str:
    """glibc exports one name for what POSIX calls another; other C libraries export the latter."""
    glibc = "__register_atfork"
    return glibc if address_in_process(glibc) else "pthread_atfork"
