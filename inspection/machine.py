"""What this machine is and has, in words; and a trial of the compiler."""

from __future__ import annotations

import os
import time
from importlib.util import find_spec
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

from ..backends.cpu.program import Program
from ..backends.cpu.target import host
from ..ir import parse
from ..runtime import cache, pool
from .caches import caches
from .limits import Limits, limits
from .profile_table import rates

CPUS = Path("/proc/cpuinfo")
NVIDIA = Path("/dev/nvidiactl")
WORTH_NAMING = ("avx2", "fma", "avx512f", "avx512bf16", "avx512fp16", "amx-tile", "neon", "sve")
TRIAL = "func trial(%x: f32[5]) {\n  %y: f32[5] = mul(%x, %x)\n  return %y\n}"


def cpu() -> str:
    """Its name, what LLVM calls it, how wide its vectors are, what else matters."""
    target = host()
    features = llvm.get_host_cpu_features()
    named = " ".join(name for name in WORTH_NAMING if features.get(name))
    return f"{_cpu_name()} ({target.cpu}), {8 * target.vector_bytes}-bit vectors, {named}"


def _cpu_name() -> str:
    lines = CPUS.read_text().splitlines() if CPUS.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unnamed"


def memories() -> str:
    """Its caches."""
    return ", ".join(
        f"L{c.level} {size(c.nbytes)}{f' for {c.sharers} processors' * (c.sharers > 1)}"
        for c in caches()
    )


def threads() -> str:
    """How many programs use."""
    if not pool.has_threads():
        return "1: the thread pool has no threads on this system"
    return f"{pool.get_num_threads()} of {os.cpu_count()} processors"


def tried() -> str:
    """Compile, load and run a program."""
    start = time.perf_counter()
    x = np.arange(5, dtype=np.float32)
    found = Program(parse(TRIAL))([x])[0]
    seconds = time.perf_counter() - start
    if not np.array_equal(found, x * x):
        raise RuntimeError(f"a compiled program squares {x.tolist()} to {found.tolist()}")
    version = ".".join(map(str, llvm.llvm_version_info))
    return f"works (a trial took {seconds * 1e3:.0f} ms), LLVM {version}"


def limits_of_all(again: bool) -> str:
    """The limits of one thread and of all; measured if they are not known, or again."""
    counts = sorted({1, pool.get_num_threads()})
    return "\n".join(_limits(limits(count, again)) for count in counts)


def _limits(found: Limits) -> str:
    return f"{found.threads} thread{'s' * (found.threads != 1)}: {', '.join(rates(found))}"


def stored() -> str:
    """The compiled code on disk."""
    where = cache.cache_dir()
    if where is None:
        return f"off ({cache.SWITCH}=0)"
    key, content = cache.cache_key("doctor"), b"written by tapeout doctor"
    cache.put(key, content)
    if cache.get(key) != content:
        raise OSError(f"what is written to {where} cannot be read back")
    entries = cache.entries()
    return f"{len(entries)} entries, {size(sum(e.size for e in entries))} in {where}"


def gpu() -> str:
    """What there is for NVIDIA's; no backend uses them yet."""
    driver = "an NVIDIA driver" if NVIDIA.exists() else "no NVIDIA driver"
    extra = "installed" if find_spec("numba_cuda") else "not installed"
    return f"{driver}; tapeout[cuda] is {extra}; programs run on the CPU"


def size(nbytes: int) -> str:
    """`32 kB`, `1 MB`: powers of 1024, as caches are counted."""
    for unit, whole in (("MB", 1 << 20), ("kB", 1 << 10)):
        if nbytes >= whole:
            return f"{nbytes / whole:.4g} {unit}"
    return f"{nbytes} bytes"
