"""Memory plans of random programs, carried out by NumPy: each value where the plan says, one instruction at a time."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings

from tapeout import ir
from tapeout.backends.cpu import Program
from tapeout.backends.cpu.layout import Layout
from tapeout.backends.cpu.memory import Buffer, Home, Memory
from tapeout.backends.cpu.program import Planned
from tapeout.ir.pipeline import passes_by_name, run_passes
from test_random_programs import arguments, updating

FUSE = passes_by_name("simplify,cse,dce,fuse")


class Machine:
    """Buffers as bytes; temporaries share one arena, which begins as NaN."""

    def __init__(self, memory: Memory, arrays: list[np.ndarray]) -> None:
        self.memory = memory
        arena = np.full(memory.arena_bytes, 0xFF, np.uint8)
        self.bytes = [self._begin(b, arena, arrays) for b in memory.buffers]

    def _begin(self, buffer: Buffer, arena: np.ndarray, arrays: list[np.ndarray]) -> np.ndarray:
        if buffer.kind == "argument":
            return np.frombuffer(bytearray(arrays[buffer.number].tobytes()), np.uint8)
        if buffer.kind == "constant":
            assert buffer.content is not None
            return np.frombuffer(np.ascontiguousarray(buffer.content).tobytes(), np.uint8)
        if buffer.kind == "temporary":
            return arena[buffer.offset : buffer.offset + buffer.nbytes]
        return np.full(buffer.nbytes, 0xFF, np.uint8)

    def at(self, home: Home, type: ir.TensorType) -> np.ndarray:
        layout: Layout = home.layout
        size = type.dtype.itemsize
        strides = [s * size for s in layout.strides]
        data = self.bytes[home.buffer]
        return np.ndarray(layout.shape, type.dtype.numpy, data.data, layout.offset * size, strides)

    def run(self, func: ir.Func) -> list[np.ndarray]:
        for instr in func.body:
            if self.memory.is_view(instr):
                continue
            operands = [self.at(self.memory.home(o), o.type).copy() for o in instr.operands]
            found = instr.op.ref(*operands)
            for result, array in zip(
                instr.results, found if isinstance(found, tuple) else (found,), strict=True
            ):
                self.at(self.memory.home(result), result.type)[...] = array
        for type, source, target in self.memory.copies:
            self.bytes[target][:] = np.frombuffer(self.at(source, type).tobytes(), np.uint8)
        return list(self._results(func))

    def _results(self, func: ir.Func):
        kept = {(b.kind, b.number): n for n, b in enumerate(self.memory.buffers)}
        fresh = count()
        for value, into in func.results:
            key = ("result", next(fresh)) if into is None else ("argument", func.args.index(into))
            data = self.bytes[kept[key]]
            yield np.frombuffer(data.tobytes(), value.type.dtype.numpy).reshape(value.type.shape)


@pytest.mark.parametrize("fuse", [False, True], ids=["plain", "fused"])
@settings(max_examples=150, deadline=None, derandomize=True)
@given(func=updating())
def test_a_plan_keeps_what_is_still_needed(fuse: bool, func: ir.Func) -> None:
    planned = Planned(run_passes(func, FUSE) if fuse else func)
    xs = arguments(func)
    with np.errstate(all="ignore"):
        expected = ir.run(func, *xs)
        found = Machine(planned.memory, xs).run(planned.scheduled)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(updating())
def test_random_programs_with_state(func: ir.Func) -> None:
    fused, xs = run_passes(func, FUSE), arguments(func)
    with np.errstate(all="ignore"):
        expected = ir.run(func, *xs)
    for found, right in zip(Program(fused)(xs), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-11)
