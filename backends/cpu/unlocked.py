"""LLVM's two long calls without llvmlite's lock, so that kernels are optimised while others are still being written.

llvmlite lets one thread at a time into LLVM, because all share a context unless they make one. A module in a context of
its own, with a code generator that no other thread uses, needs no such care.
"""

from __future__ import annotations

from ctypes import string_at
from typing import Any

import llvmlite.binding as llvm
from llvmlite.binding import ffi


def alone(module: Any) -> Any:
    """A copy of a module in a context of its own."""
    return llvm.parse_bitcode(module.as_bitcode(), llvm.create_context())


def run_passes(builder: Any, module: Any) -> None:
    """LLVM's pipeline, as a pass builder has it, over a module that is alone."""
    _function("LLVMPY_RunNewModulePassManager")(builder.getModulePassManager(), module, builder)


def object_file(generator: Any, module: Any) -> bytes:
    """The code of a module that is alone."""
    with ffi.OutputString() as complaint:
        buffer = _function("LLVMPY_TargetMachineEmitToMemory")(generator, module, 1, complaint)
        if not buffer:
            raise RuntimeError(str(complaint))
    try:
        return string_at(
            ffi.lib.LLVMPY_GetBufferStart(buffer), ffi.lib.LLVMPY_GetBufferSize(buffer)
        )
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def _function(name: str) -> Any:
    """What llvmlite calls once it has the lock."""
    return getattr(ffi.lib, name)._cfn
