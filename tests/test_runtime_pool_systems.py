"""The thread pool on other systems: the same functions everywhere, with threads or without."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from tapeout.runtime import pool
from tapeout.runtime.assemble import assemble
from tapeout.runtime.loader import load
from tapeout.runtime.pool_ir import EXPORTS, machine_of, pool_ir
from test_runtime_pool import CODE


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    "triple, threaded",
    [
        ("x86_64-unknown-linux-gnu", True),
        ("aarch64-unknown-linux-gnu", True),
        ("riscv64-unknown-linux-musl", True),
        ("arm64-apple-darwin24.1.0", False),
        ("x86_64-pc-windows-msvc", False),
    ],
)
def test_the_same_functions_are_there_on_every_system(triple: str, threaded: bool) -> None:
    assert (machine_of(triple) is not None) == threaded
    module = llvm.parse_assembly(pool_ir(triple, "pthread_atfork"))
    module.verify()
    defined = {f.name for f in module.functions if not f.is_declaration}
    assert set(EXPORTS) <= defined
    assert any(f.name == "pthread_create" for f in module.functions) == threaded


def test_the_serial_pool_runs_a_region_as_one_part() -> None:
    code = load([assemble(CODE)], imports=pool.symbols())
    serial = load([assemble(pool_ir("x86_64-pc-windows-msvc"))])
    address, i64 = ctypes.c_void_p, ctypes.c_int64
    array = np.zeros(21, np.int64)
    array[0] = 19
    serial.function("tapeout_pool_set_threads", None, i64)(4)
    assert serial.function("tapeout_pool_get_threads", i64)() == 1
    run = serial.function("tapeout_pool_run", None, address, address, i64)
    run(code.address("share"), array.ctypes.data, 4)
    assert array[1:].tolist() == [1] * 20


def test_asking_for_threads_that_a_system_cannot_give_warns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "machine_of", lambda triple: None)
    with pytest.warns(UserWarning, match=r"one thread on this system .*set_num_threads\(2\)"):
        pool.set_num_threads(2)
