"""LLVM IR text -> object code for this machine: for the few pieces of code that the runtime itself brings.

What was assembled is kept in memory, and on disk for the next process.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import llvmlite.binding as llvm

from .cache import cache_key, get, put
from .loader import LINKING


@cache
def assemble(text: str) -> bytes:
    """The object file of a module of LLVM IR, optimised for this machine."""
    key = cache_key("assembled", *_machine_name(), text)
    code = get(key)
    if code is None:
        with LINKING:
            code = _assemble(text)
        put(key, code)
    return code


def _machine_name() -> tuple[str, ...]:
    version = ".".join(map(str, llvm.llvm_version_info))
    return version, llvm.get_process_triple(), llvm.get_host_cpu_name(), _features()


@cache
def _features() -> str:
    return str(llvm.get_host_cpu_features().flatten())


@cache
def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        opt=2,
        reloc="pic",
        codemodel="default",
    )


def _assemble(text: str) -> bytes:
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))
