"""The thread pool as LLVM IR: one text serves programs in this process and programs in exported libraries.

Each worker has a slot of its own with a ticket; the caller raises the tickets of the workers it wants, takes part 0
itself, and waits until all have finished. A worker without work spins for a while and then sleeps on its ticket
(futex), so workers that are not wanted cost nothing. A caller that finds the pool taken, by another thread or by a
region that it is itself part of, runs its function alone, as part 0 of 1.

Threads are used on Linux (x86-64, aarch64, riscv64); elsewhere the functions are the same but run everything as
part 0 of 1, and whoever waits for a lock spins.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from .pool_regions_ir import BARRIERS, LOCKS, RUNNING, SERIAL
from .pool_workers_ir import START, STATE, WAITING, WORKER

MAX_THREADS = 256
SLOT_BYTES = 128
SPIN_NANOSECONDS = 40_000

RUN = "tapeout_pool_run"
BARRIER = "tapeout_pool_barrier"
SET_THREADS = "tapeout_pool_set_threads"
GET_THREADS = "tapeout_pool_get_threads"
LOCK = "tapeout_pool_lock"
UNLOCK = "tapeout_pool_unlock"
PREPARE = "tapeout_pool_prepare"
EXPORTS = (RUN, BARRIER, SET_THREADS, GET_THREADS, LOCK, UNLOCK, PREPARE)

# A barrier is this many zeroed bytes, aligned to a cache line: who has arrived, and which round it is.
BARRIER_BYTES = 128


@dataclass(frozen=True)
class Machine:
    """What differs between the processors that the pool runs on."""

    futex: int  # the number of the system call
    declare_pause: str
    pause: str


MACHINES = {
    "x86_64": Machine(
        202, "declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"
    ),
    "aarch64": Machine(
        98, "declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"
    ),
    "riscv64": Machine(98, "", ""),
}


def pool_ir(triple: str, atfork: str = "__register_atfork") -> str:
    """The pool for a machine; `atfork` names the C library's function to register fork handlers."""
    machine = machine_of(triple)
    if machine is None:
        return SERIAL
    text = "".join((STATE, WAITING, WORKER, START, RUNNING, BARRIERS, LOCKS))
    return Template(text).substitute(
        declare_pause=machine.declare_pause,
        pause=machine.pause,
        futex=machine.futex,
        spin=SPIN_NANOSECONDS,
        slots=MAX_THREADS,
        slots_bytes=MAX_THREADS * SLOT_BYTES,
        atfork=atfork,
    )


def machine_of(triple: str) -> Machine | None:
    """How the pool works on a machine; None where it runs serially."""
    return MACHINES.get(triple.split("-")[0]) if "-linux" in triple else None
