"""Matrix-product kernels beside NumPy's OpenBLAS and the arithmetic limit of a core, in one run.

Every result is checked before anything is timed. OpenBLAS is held to one thread; our kernels run on one thread, and
in two parts on two. Both sides pay for their call from Python, which for the smallest products is a good part of the
time. Run it with `python benchmarks/gemm.py`.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import llvmlite.binding as llvm
import numpy as np
from side_by_side import machine, take_turns

from tapeout.backends.cpu.gemm import Operand, Product, Store, Tiling, gemm_kernel
from tapeout.backends.cpu.target import host

Array = np.ndarray[Any, Any]
DTYPES = {"f32": np.float32, "f64": np.float64}
PARTS = 2
LIMIT_CALLS = 15
SHAPES = [
    *((n, n, n, "row", "row") for n in (256, 512, 1024, 2048)),
    (1024, 1024, 1024, "row", "column"),
    (1024, 1024, 1024, "column", "row"),
    (64, 784, 128, "row", "row"),
    (784, 64, 128, "column", "row"),
    (64, 784, 128, "row", "column"),
    (64, 128, 784, "row", "column"),
    (97, 131, 61, "row", "row"),
    (64, 128, 10, "row", "row"),
    (128, 64, 10, "column", "row"),
    (1000, 64, 1, "row", "row"),
]


class Kernel:
    """A compiled kernel with its operands."""

    def __init__(self, product: Product, tiling: Tiling | None = None) -> None:
        start = time.perf_counter()
        target = host()
        made = gemm_kernel(product, Store(product.n, 1, product.dtype), target, "kernel", tiling)
        code = made.object_code(target)
        self.compile_seconds = time.perf_counter() - start
        rng = np.random.default_rng(0)
        dtype = DTYPES[product.dtype]
        self.a = laid_out(rng.standard_normal((product.m, product.k)).astype(dtype), product.a)
        self.b = laid_out(rng.standard_normal((product.k, product.n)).astype(dtype), product.b)
        self.out: Array = np.empty((product.m, product.n), dtype)
        self.scratch: Array = np.empty(made.scratch_bytes(PARTS) + 64, np.uint8)
        self.function = self._loaded(code, made.symbol, bool(made.scratch_bytes(1)))

    def _loaded(self, code: bytes, symbol: str, scratch: bool) -> Callable[[int, int], None]:
        self.jit = llvm.create_lljit_compiler()
        builder = llvm.JITLibraryBuilder().add_object_img(code).export_symbol(symbol)
        self.library = builder.link(self.jit, symbol)
        addresses = [x.ctypes.data for x in (self.a, self.b, self.out)]
        if scratch:
            addresses.append((self.scratch.ctypes.data + 63) // 64 * 64)
        pointers = [ctypes.c_void_p(address) for address in addresses]
        kinds = [ctypes.c_void_p] * len(pointers) + [ctypes.c_int64] * 2
        function = ctypes.CFUNCTYPE(None, *kinds)(self.library[symbol])
        return lambda part, parts: function(*pointers, part, parts)

    def __call__(self) -> None:
        self.function(0, 1)

    def check(self) -> None:
        exact = self.a.astype(np.float64) @ self.b.astype(np.float64)
        for run in (self, self.on_two_threads):
            self.out[...] = np.nan
            run()
            size = np.abs(self.a.astype(np.float64)) @ np.abs(self.b.astype(np.float64))
            rounding = (self.a.shape[1] + 2) * np.finfo(self.out.dtype).eps
            assert (np.abs(self.out - exact) <= rounding * size).all(), "wrong result"

    def on_two_threads(self, calls: int = 1, parts: int = PARTS) -> None:
        """Both parts, so many times, each on a thread of its own; or all of it on each, in one part."""

        def work(part: int) -> None:
            for _ in range(calls):
                self.function(part % parts, parts)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(PARTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def laid_out(values: Array, layout: Operand) -> Array:
    """The values, in row or in column order."""
    return np.asarray(values, order="C" if layout.column_stride == 1 else "F")


def limit(dtype: str) -> tuple[Kernel, int]:
    """A product whose operands never leave the registers, and how many operations it takes."""
    lanes = host().lanes(np.dtype(DTYPES[dtype]).itemsize)
    product = Product(10, 2 * lanes, 100_000, Operand(0, 0), Operand(0, 1), dtype)
    kernel = Kernel(product, Tiling("broadcast", 10, 2 * lanes, lanes))
    return kernel, 2 * product.m * product.n * product.k


def compare(m: int, k: int, n: int, a: str, b: str, dtype: str) -> str:
    """One line of the table."""
    layouts = {
        "row": lambda rows, columns: Operand(columns, 1),
        "column": lambda rows, columns: Operand(1, rows),
    }
    product = Product(m, n, k, layouts[a](m, k), layouts[b](k, n), dtype)
    kernel = Kernel(product)
    kernel.check()
    most, operations = limit(dtype)
    work = 2 * m * n * k
    calls = max(1, int(1.5e9 / work))  # long enough for the system to spread the threads
    out = np.empty_like(kernel.out)
    times = take_turns(
        {
            "limit": most,
            "limit of two": lambda: most.on_two_threads(LIMIT_CALLS, parts=1),
            "ours": kernel,
            "two": lambda: kernel.on_two_threads(calls),
            "numpy": lambda: np.matmul(kernel.a, kernel.b, out=out),
        },
        rounds=7,
        seconds=0.03,
    )
    rates = {
        "limit": operations / times["limit"],
        "limit of two": PARTS * LIMIT_CALLS * operations / times["limit of two"],
        "ours": work / times["ours"],
        "two": work * calls / times["two"],
        "numpy": work / times["numpy"],
    }
    shares = [rates["ours"] / rates["limit"], rates["two"] / rates["limit of two"]]
    name = f"{m}×{k}×{n} {dtype}{'' if a == 'row' else ' aᵀ'}{'' if b == 'row' else ' bᵀ'}"
    return (
        f"{name:<26}{rates['limit'] / 1e9:7.0f}{rates['ours'] / 1e9:9.1f}{shares[0]:7.0%}"
        f"{rates['limit of two'] / 1e9:9.0f}{rates['two'] / 1e9:9.1f}{shares[1]:8.0%}{rates['numpy'] / 1e9:9.1f}"
        f"{rates['ours'] / rates['numpy']:9.2f}{kernel.compile_seconds * 1e3:9.0f}"
    )


def main() -> None:
    print(machine())
    print(
        "GFLOP/s on one core and, with its limit, on two; NumPy on one; m×k×n, ᵀ: in column order"
    )
    print(
        f"{'product':<26}{'limit':>7}{'ours':>9}{'share':>7}{'2 cores:':>9}{'ours':>9}{'share':>8}{'NumPy':>9}"
        f"{'ratio':>9}{'made, ms':>9}"
    )
    compare(8, 8, 8, "row", "row", "f32")  # the first kernel of a process waits for Numba
    for m, k, n, a, b in SHAPES:
        print(compare(m, k, n, a, b, "f32"), flush=True)
    for n in (256, 1024):
        print(compare(n, n, n, "row", "row", "f64"), flush=True)


if __name__ == "__main__":
    main()
