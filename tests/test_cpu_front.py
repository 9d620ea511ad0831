"""The compiler's seams: Numba's private interface, what objects need, what errors say."""

from __future__ import annotations

import re
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core import types

from tapeout import ir
from tapeout.backends.cpu import Program
from tapeout.backends.cpu.emit import object_code, optimize
from tapeout.backends.cpu.front import KernelError, compile_source
from tapeout.backends.cpu.kernel import Kernel
from tapeout.backends.cpu.lower import RULES
from tapeout.backends.cpu.objects import Objects
from tapeout.backends.cpu.program import Planned
from tapeout.backends.cpu.target import host
from tapeout.ir.op import OPS, infer
from tapeout.runtime import cache
from tapeout.runtime.loader import ALLOWED
from tapeout.runtime.objects import symbols
from tapeout.runtime.pool_ir import EXPORTS

PINNED = "0.68"
SOURCE = "def kernel(x, y, part, parts):\n    for i in range(5):\n        y[i] = x[i] + x[i]\n"


def test_a_kernel_compiles_on_the_pinned_numba() -> None:
    """The front end uses parts of Numba that other versions may not have; this is the first test to fail there."""
    message = (
        f"the front end is written for Numba {PINNED}, and this is {numba.__version__}: read backends/cpu/front.py "
        "beside numba/core/compiler.py, and unlocked.py beside llvmlite/binding/ffi.py, adapt them, "
        "then change the range in pyproject.toml and PINNED here"
    )
    assert numba.__version__.startswith(f"{PINNED}."), message
    pointer = types.CPointer(types.float32)
    arguments = (pointer, pointer, types.intp, types.intp)
    try:
        module = optimize(compile_source(SOURCE, "twice", arguments, host()), host())
        code = symbols(object_code(module, host()))
    except Exception as error:
        raise AssertionError(message) from error
    assert code.defined == {"twice"}
    assert code.undefined == frozenset()


def kernels_of(text: str) -> list[Kernel]:
    return [call.kernel for call in Planned(ir.parse(text)).calls]


CHAIN = """
func chain(%x: f32[9,5], %w: f32[7,5]) {
  %h: f32[9,7] = linear(%x, %w)
  %s: f32[9,7] = softmax(%h, dim=1)
  %t: f32[7] = sum(%s, dims=[0])
  return %t, %h
}
"""


def test_threads_make_what_one_would_make_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    kernels = kernels_of(CHAIN)
    assert len(kernels) > 2
    for _ in ("compiled", "from the cache"):
        with Objects(host()) as objects:
            for kernel in kernels:
                objects.want(kernel)
            made = objects.made()
        assert made == [kernel.object_code(host()) for kernel in kernels]


def test_what_fails_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(key: str, data: bytes) -> None:
        raise OSError("no room left")

    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "put", full)
    kernel, *_ = kernels_of(CHAIN)
    with Objects(host()) as objects:
        objects.want(kernel)
        with pytest.raises(OSError, match="no room left"):
            objects.made()


def sample_programs() -> list[ir.Func]:
    """One program per op."""
    found = []
    for cls in OPS.values():
        sample = next(cls.samples())
        builder = ir.FuncBuilder("sample")
        args = tuple(builder.arg(f"x{i}", t) for i, t in enumerate(sample.types))
        results = tuple(ir.Value(t) for t in infer(sample.op, sample.types))
        builder.append(ir.Instr(sample.op, args, results))
        found.append(builder.finish(results))
    return found


@pytest.mark.parametrize("func", sample_programs(), ids=lambda f: f.body[0].op.name)
def test_every_op_has_code_that_needs_nothing_but_what_is_allowed(func: ir.Func) -> None:
    program = Program(func)
    defined = {name for code in program.artifact.objects for name in symbols(code).defined}
    needed = {name for code in program.artifact.objects for name in symbols(code).undefined}
    assert needed - defined <= ALLOWED | set(EXPORTS)


def test_an_error_names_the_instruction_the_line_and_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    func = ir.parse(
        'func f(%x: f32[3]) {\n  %y: f32[3] = cumsum(%x, dim=0) loc("model.py":7)\n  return %y\n}\n'
    )
    rule = RULES[OPS["cumsum"]]

    def broken(job: object) -> object:
        made = rule(job)  # type: ignore[arg-type]
        return type(made)(
            made.name,
            made.source.replace("acc +=", "acc = nonsense +"),
            made.buffers,
            identity="broken",
        )

    monkeypatch.setitem(RULES, OPS["cumsum"], broken)  # type: ignore[arg-type]
    with pytest.raises(KernelError) as caught:
        Program(func)
    text = str(caught.value)
    assert text.startswith(
        "for cumsum(f32[3]) (model.py:7), Numba cannot compile the kernel 'cumsum_"
    )
    assert "'nonsense'" in text
    assert re.search(r"acc = nonsense \+ x0\[", text)


@pytest.mark.parametrize("kind", ["f16", "bf16"])
def test_products_of_16_bit_floats_are_summed_in_f32(kind: str) -> None:
    func = ir.parse(
        f"func f(%x: {kind}[3,40], %w: {kind}[5,40]) {{\n  %y: {kind}[3,5] = linear(%x, %w)\n"
        f"  %c: {kind}[3,5] = cumsum(%y, dim=1)\n  return %y, %c\n}}\n"
    )
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal(a.type.static_shape).astype(a.type.dtype.numpy) for a in func.args]
    for found, expected in zip(Program(func)(xs), ir.run(func, *xs), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            found.astype(np.float64), expected.astype(np.float64), rtol=0.02, atol=0.02
        )
