"""Runs matrix-product kernels on arrays between forbidden pages, so that a touch outside of an array is a crash."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tapeout.backends.cpu.gemm import Epilogue, Operand, Product, Tiling, gemm_kernel
from tapeout.backends.cpu.kernel import Kernel
from tapeout.backends.cpu.target import Target, host

Array = np.ndarray[Any, Any]
DTYPES = {"f32": np.float32, "f64": np.float64}
NO_ACCESS, READ_WRITE = 0, mmap.PROT_READ | mmap.PROT_WRITE
C_LIBRARY = ctypes.CDLL(None, use_errno=True)
C_LIBRARY.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Guarded:
    """Elements that end where a forbidden page begins, or begin where one ends."""

    def __init__(self, size: int, dtype: Any, at_end: bool = True) -> None:
        bytes_needed = size * np.dtype(dtype).itemsize
        inside = -(-max(bytes_needed, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
        self.memory = mmap.mmap(-1, inside + 2 * mmap.PAGESIZE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.ends = (base, base + mmap.PAGESIZE + inside)
        self._protect(NO_ACCESS)
        start = mmap.PAGESIZE + (inside - bytes_needed if at_end else 0)
        self.address = base + start
        self.elements: Array = np.frombuffer(self.memory, dtype, size, start)

    def _protect(self, access: int) -> None:
        for end in self.ends:
            assert C_LIBRARY.mprotect(end, mmap.PAGESIZE, access) == 0

    def __del__(self) -> None:
        self._protect(READ_WRITE)


def extent(rows: int, columns: int, layout: Operand) -> int:
    """How many elements a matrix reaches over."""
    if rows * columns == 0:
        return 0
    return (rows - 1) * layout.row_stride + (columns - 1) * layout.column_stride + 1


def seen(elements: Array, rows: int, columns: int, layout: Operand) -> Array:
    """The matrix that lies so in an array."""
    strides = (layout.row_stride * elements.itemsize, layout.column_stride * elements.itemsize)
    if rows * columns == 0:
        return np.zeros((rows, columns), elements.dtype)
    return np.lib.stride_tricks.as_strided(elements, (rows, columns), strides)


class Matrix(Guarded):
    """A matrix of random numbers, in a layout, between forbidden pages; what lies between its elements is marked."""

    MARK = 77

    def __init__(
        self,
        rows: int,
        columns: int,
        layout: Operand,
        dtype: Any,
        values: Any = None,
        at_end: bool = True,
    ) -> None:
        super().__init__(extent(rows, columns, layout), dtype, at_end)
        self.elements[:] = self.MARK
        self.view = seen(self.elements, rows, columns, layout)
        rng = np.random.default_rng(rows * 1000 + columns)
        self.view[...] = rng.standard_normal((rows, columns)) if values is None else values
        between = np.ones(self.elements.size, bool)
        seen(between, rows, columns, layout)[...] = False
        self.between = between

    def check_between(self) -> None:
        """Nothing was written between the matrix's elements."""
        assert (self.elements[self.between] == np.array(self.MARK, self.elements.dtype)).all()


class Runner:
    """A kernel, ready to be called."""

    def __init__(self, kernel: Kernel, target: Target) -> None:
        self.kernel = kernel
        code = kernel.object_code(target)
        self.jit = llvm.create_lljit_compiler()
        builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        self.library = builder.export_symbol(kernel.symbol).link(self.jit, kernel.symbol)
        pointers = len(kernel.buffers) + bool(kernel.scratch_bytes(1))
        kinds = [ctypes.c_void_p] * pointers + [ctypes.c_int64] * 2
        self.function = ctypes.CFUNCTYPE(None, *kinds)(self.library[kernel.symbol])

    def scratch(self, parts: int) -> Guarded | None:
        """Scratch memory; it begins on a page."""
        size = self.kernel.scratch_bytes(parts)
        return Guarded(size, np.uint8, at_end=False) if size else None

    def __call__(
        self, addresses: Sequence[int], parts: int = 1, only: Sequence[int] | None = None
    ) -> None:
        """Do all parts, or some of them."""
        scratch = self.scratch(parts)
        pointers = [*addresses, *([scratch.address] if scratch else [])]
        for part in only or reversed(range(parts)):
            self.function(*pointers, part, parts)


@cache
def runner(
    product: Product,
    epilogue: Epilogue,
    tiling: Tiling | None = None,
    target: Target | None = None,
) -> Runner:
    """A kernel for this machine, compiled once."""
    target = target or host()
    return Runner(gemm_kernel(product, epilogue, target, "kernel", tiling), target)


def row_major(rows: int, columns: int) -> Operand:
    return Operand(columns, 1)


def column_major(rows: int, columns: int) -> Operand:
    return Operand(1, rows)


def tolerance(a: Array, b: Array, dtype: str) -> Array:
    """What rounding may cost each element of a product."""
    size = np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64))
    return np.asarray((a.shape[1] + 2) * np.finfo(DTYPES[dtype]).eps * size)
