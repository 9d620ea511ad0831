"""The machine that code is made for: its name and features as LLVM spells them, and how wide its vectors are."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm


@dataclass(frozen=True)
class Target:
    """A CPU. Part of every cache key, because code for one may not run on another."""

    triple: str
    cpu: str
    features: str
    vector_bytes: int

    def lanes(self, itemsize: int) -> int:
        """How many elements of a size fit in one vector."""
        return self.vector_bytes // itemsize

    @property
    def registers(self) -> int:
        """How many vector registers there are."""
        return 16 if self.vector_bytes == 32 else 32


@cache
def host() -> Target:
    """This machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    return Target(
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        features.flatten(),
        _vector_bytes(features),
    )


def _vector_bytes(features: dict[str, bool]) -> int:
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


class _Machines(threading.local):
    """Each thread's own code generators: they cannot be shared."""

    def __init__(self) -> None:
        self.of: dict[Target, llvm.TargetMachine] = {}


_machines = _Machines()


def machine(target: Target) -> llvm.TargetMachine:
    """LLVM's code generator for a target: position-independent code, at full optimisation."""
    if target not in _machines.of:
        _machines.of[target] = _machine(target)
    return _machines.of[target]


def _machine(target: Target) -> llvm.TargetMachine:
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="default"
    )
