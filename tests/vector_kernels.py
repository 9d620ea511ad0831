"""Compiles vector code into callable loops, for the tests of `backends/cpu/vector`."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir as ll

from tapeout.backends.cpu import emit
from tapeout.backends.cpu.target import host, machine
from tapeout.backends.cpu.vector import Vector, emit_op, first_lanes, load, storage_type, store
from tapeout.ir.dtypes import DType, of_numpy
from tapeout.ir.op import Op, infer
from tapeout.ir.types import TensorType

Array = np.ndarray[Any, Any]
Emit = Callable[[Any, list[Vector]], Vector]
WORD = ll.IntType(64)
ODD_SIZE = 37  # neither 8 nor 16 divides it: full vectors and a tail
SPECIAL = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -1.5,
    2.5,
    -3.5,
    7.25,
    1e-310,
    1e300,
    -1e30,
    np.inf,
    -np.inf,
    np.nan,
)
_numbers = itertools.count()
_jit: list[Any] = []


def kernel_ir(emitter: Emit, inputs: Sequence[DType], result: DType, lanes: int) -> Any:
    """`void kernel(in…, out, n)`: full vectors, then a masked tail (also with one lane)."""
    module = ll.Module()
    pointers = [storage_type(d).as_pointer() for d in (*inputs, result)]
    function = ll.Function(module, ll.FunctionType(ll.VoidType(), [*pointers, WORD]), "kernel")
    *sources, out, n = function.args
    builder = ll.IRBuilder(function.append_basic_block())
    full = builder.sub(n, builder.urem(n, WORD(lanes)))

    def work(index: Any, mask: Any) -> None:
        operands = [
            load(builder, d, p, index, lanes, mask) for d, p in zip(inputs, sources, strict=True)
        ]
        store(builder, emitter(builder, operands), out, index, mask)

    _counted(builder, full, lanes, lambda index: work(index, None))
    work(full, first_lanes(builder, builder.sub(n, full), lanes))
    builder.ret_void()
    return module


def kernel_module(emitter: Emit, inputs: Sequence[DType], result: DType, lanes: int) -> Any:
    """The same, ready for LLVM."""
    return llvm.parse_assembly(str(kernel_ir(emitter, inputs, result, lanes)))


def _counted(builder: Any, end: Any, step: int, body: Callable[[Any], None]) -> None:
    before = builder.block
    test, turn, after = (builder.append_basic_block() for _ in range(3))
    builder.branch(test)
    builder.position_at_end(test)
    index = builder.phi(WORD)
    index.add_incoming(WORD(0), before)
    builder.cbranch(builder.icmp_signed("<", index, end), turn, after)
    builder.position_at_end(turn)
    body(index)
    index.add_incoming(builder.add(index, WORD(step)), builder.block)
    builder.branch(test)
    builder.position_at_end(after)


def op_module(op: Op, dtypes: Sequence[DType], lanes: int) -> Any:
    """The kernel of one op."""
    (type_,) = infer(op, tuple(TensorType(d, ()) for d in dtypes))
    return kernel_module(lambda b, operands: emit_op(b, op, operands), dtypes, type_.dtype, lanes)


def assembly(module: Any) -> str:
    """The machine code's text."""
    return str(machine(host()).emit_assembly(emit.optimize(module, host())))


def compiled(module: Any) -> Callable[..., None]:
    """The kernel, ready to be called with arrays (the result's last)."""
    code = emit.object_code(emit.optimize(module, host()), host())
    if not _jit:
        _jit.append(llvm.create_lljit_compiler())
    library = llvm.JITLibraryBuilder().add_object_img(code).export_symbol("kernel")
    tracker = library.link(_jit[0], f"kernel{next(_numbers)}")

    def call(*arrays: np.ndarray[Any, Any]) -> None:
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays), ctypes.c_int64)
        kind(tracker["kernel"])(*(a.ctypes.data for a in arrays), arrays[-1].size)

    return call


def run_op(op: Op, lanes: int, *arrays: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The op on arrays of one shape, by vector code."""
    dtypes = [of_numpy(a.dtype) for a in arrays]
    (type_,) = infer(op, tuple(TensorType(d, a.shape) for d, a in zip(dtypes, arrays, strict=True)))
    out = np.empty(arrays[0].shape, type_.dtype.numpy)
    compiled(op_module(op, dtypes, lanes))(*map(np.ascontiguousarray, arrays), out)
    return out


def reference(op: Op, *arrays: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(op.ref(*arrays))


def assert_same(found: Array, expected: Array) -> None:
    """Equal, with equal signs of zeros; any NaN equals any."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))
    if found.dtype.kind not in "iub":
        known = ~np.isnan(expected.astype(np.float64))
        np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(expected)[known])
