"""Every backend runs every op as its reference says."""

from __future__ import annotations

import numpy as np
import pytest

from tapeout import ir
from tapeout.backends import BACKENDS
from tapeout.ir.op import OPS, infer
from tapeout.ir.samples import Sample

SAMPLES = [s for cls in OPS.values() for s in cls.samples()]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: str(s)[:90])
def test_a_backend_means_what_ref_means(backend: str, sample: Sample) -> None:
    builder = ir.FuncBuilder("sample")
    args = tuple(builder.arg(f"x{i}", t) for i, t in enumerate(sample.types))
    results = tuple(ir.Value(t) for t in infer(sample.op, sample.types))
    builder.append(ir.Instr(sample.op, args, results))
    executable = BACKENDS[backend].compile(builder.finish(results))
    expected = sample.op.ref(*sample.arrays())
    many = expected if isinstance(expected, tuple) else (expected,)
    for found, wanted in zip(executable(sample.arrays()), many, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_refuses_an_unsound_program(backend: str) -> None:
    func = ir.parse("func f(%x: f32[2,3]) {\n  %y: f32[2,4] = relu(%x)\n  return %y\n}")
    with pytest.raises(ir.VerifyError, match="relu gives"):
        BACKENDS[backend].compile(func)
