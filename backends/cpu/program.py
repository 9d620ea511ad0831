"""A whole program as native code: its kernels, one function that calls them in order, and the memory it needs."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import llvmlite.binding as llvm
import numpy as np

from ...ir import DimError, Func, ShapeError, TensorType, verify
from ...runtime.arena import arena
from ...runtime.loader import load
from ..base import Array
from .anchors import apart
from .emit import object_code
from .memory import Buffer, Memory
from .schedule import Call, schedule
from .target import Target, host, machine


class Program:
    """A compiled Func. Call it with one array per argument; it returns one per result."""

    def __init__(self, func: Func, target: Target | None = None) -> None:
        self.func = verify(func)
        self.target = target or host()
        lowered = apart(func)
        self.memory = Memory(lowered)
        self.calls = list(schedule(lowered, self.memory, self.target))
        kernels = {call.kernel.symbol: call.kernel for call in self.calls}
        objects = [k.object_code(self.target) for k in kernels.values()]
        step = _assembled(step_text(self.calls, len(self.memory.buffers)), self.target)
        library = load([*objects, step], exports=["step"])
        self._step = library.function("step", None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

    def source(self, name: str | None = None) -> str:
        """The kernels' Numba source, or that of one kernel."""
        kernels = {call.kernel.symbol: call.kernel for call in self.calls}
        chosen = [k for k in kernels.values() if name in (None, k.name, k.symbol)]
        return "\n".join(f"# {k.symbol}\n{k.source}" for k in chosen)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        given = [_ready(x, a.type) for x, a in zip(arrays, self.func.args, strict=True)]
        results = [
            np.empty(r.value.type.static_shape, r.value.type.dtype.numpy) for r in self.func.results
        ]
        scratch = arena(self.memory.arena_bytes)
        places = [self._memory_of(b, given, results, scratch) for b in self.memory.buffers]
        status = np.zeros((len(self.calls), 2), np.int64)
        table = np.array([p.ctypes.data for p in (*places, status)], np.uintp)
        self._step(table.ctypes.data, 0, 1)
        for call, (failed, number) in zip(self.calls, status.tolist(), strict=True):
            if failed:
                raise DimError(call.kernel.complaint.format(number))
        return results

    def bind(self, state: Sequence[Array]) -> Bound:
        """The program with the arrays that its last arguments are from now on, updated in place."""
        return Bound(self, list(state))

    def _memory_of(
        self, buffer: Buffer, given: list[Array], results: list[Array], scratch: Array
    ) -> Array:
        if buffer.content is not None:
            if buffer.kind == "result":
                np.copyto(results[buffer.number], buffer.content)
                return results[buffer.number]
            return np.ascontiguousarray(buffer.content)
        if buffer.kind == "argument":
            return given[buffer.number]
        return results[buffer.number] if buffer.kind == "result" else scratch[buffer.offset :]


class Bound:
    """A program and its state."""

    def __init__(self, program: Program, state: list[Array]) -> None:
        self.program = program
        self.state = state

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The results that are new; the others replace the state they belong to."""
        func, given = self.program.func, [*inputs, *self.state]
        places = dict(zip(func.args, given, strict=True))
        fresh = []
        for array, result in zip(self.program(given), func.results, strict=True):
            if result.into is None:
                fresh.append(array)
            else:
                places[result.into][...] = array
        return fresh


def _ready(array: Array, type: TensorType) -> Array:
    """The array as the program wants it: of its dtype, in row order."""
    if array.shape != type.static_shape:
        raise ShapeError(f"the program takes {type}, not an array of shape {list(array.shape)}")
    return np.ascontiguousarray(array, type.dtype.numpy).reshape(array.shape)


def step_text(calls: Sequence[Call], buffers: int) -> str:
    """LLVM text of the function that calls a program's kernels in order.

    Its table holds the buffers' addresses, then that of the status: two int64 per call.
    """
    declared = {c.kernel.symbol: len(c.buffers) + bool(c.kernel.complaint) for c in calls}
    lines = [
        f"declare void @{s}({', '.join(['ptr'] * n + ['i64', 'i64'])})" for s, n in declared.items()
    ]
    lines += ["define void @step(ptr %table, i64 %part, i64 %parts) {"]
    for b in range(buffers + 1):
        lines += [
            f"  %a{b} = getelementptr ptr, ptr %table, i64 {b}",
            f"  %b{b} = load ptr, ptr %a{b}",
        ]
    for number, (kernel, used) in enumerate(calls):
        arguments = [*(f"ptr %b{b}" for b in used)]
        if kernel.complaint:
            lines.append(f"  %s{number} = getelementptr i64, ptr %b{buffers}, i64 {2 * number}")
            arguments.append(f"ptr %s{number}")
        arguments += ["i64 %part", "i64 %parts"]
        lines.append(f"  call void @{kernel.symbol}({', '.join(arguments)})")
    return "\n".join([*lines, "  ret void", "}"]) + "\n"


def _assembled(text: str, target: Target) -> bytes:
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = target.triple, str(machine(target).target_data)
    module.verify()
    return object_code(module, target)
