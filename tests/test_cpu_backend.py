"""Native code means what the interpreter means: op by op, and for whole training steps."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings

import tapeout
from tapeout import ir
from tapeout.aligned import arena
from tapeout.backends.cpu import Program
from tapeout.backends.cpu.lower import RULES
from tapeout.ir.op import OPS, infer
from tapeout.ir.pipeline import passes_by_name, run_passes
from tapeout.ir.samples import Sample
from tapeout.runtime.loader import load
from test_random_programs import arguments, programs

SAMPLES = [pytest.param(s, id=str(s)[:90]) for cls in OPS.values() for s in cls.samples()]


def as_func(sample: Sample) -> ir.Func:
    builder = ir.FuncBuilder("sample")
    args = tuple(builder.arg(f"x{i}", t) for i, t in enumerate(sample.types))
    results = tuple(ir.Value(t) for t in infer(sample.op, sample.types))
    builder.append(ir.Instr(sample.op, args, results))
    return builder.finish(results)


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_op_means_what_its_reference_means(sample: Sample) -> None:
    func, arrays = as_func(sample), sample.arrays()
    for found, expected in zip(Program(func)(arrays), ir.run(func, *arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def in_parts(program: Program, arrays: list[np.ndarray], parts: int) -> np.ndarray:
    """The result of a program of one kernel, done in several parts one after the other."""
    (call,) = program.calls
    kernel = call.kernel
    (out,) = program.loaded.bind([], 1).results
    buffers = [(arrays[b.number] if b.kind == "argument" else out) for b in program.memory.buffers]
    code = load([kernel.object_code(program.target)])
    places = [buffers[place].ctypes.data + offset for place, offset in call.places]
    status, scratch = np.zeros(2, np.int64), arena(kernel.scratch_bytes(parts))
    places += [status.ctypes.data] * bool(kernel.complaint)
    places += [scratch.ctypes.data] * bool(kernel.scratch)
    kinds = [ctypes.c_void_p] * len(places) + [ctypes.c_int64] * 2
    function = code.function(kernel.symbol, None, *kinds)
    for index in np.ndindex(*call.repeat.sizes):
        shifts = [int(np.dot(index, s)) for s in call.repeat.strides] or [0] * len(places)
        shifts += [0] * (len(places) - len(shifts))
        for part in reversed(range(parts)):
            function(*(p + s for p, s in zip(places, shifts, strict=True)), part, parts)
    return out


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize(
    "name", ["add", "tanh", "sum", "softmax", "matmul", "linear", "cat", "take", "cross_entropy"]
)
def test_the_number_of_parts_changes_nothing(name: str, parts: int) -> None:
    for sample in OPS[name].samples():
        program = Program(as_func(sample))
        arrays = [np.array(a, order="C") for a in sample.arrays()]
        if not program(arrays)[0].size:
            assert program.calls == []
            continue
        np.testing.assert_array_equal(in_parts(program, arrays, parts), program(arrays)[0])


@settings(max_examples=8, deadline=None, derandomize=True)
@given(programs())
def test_random_programs(func: ir.Func) -> None:
    fused = run_passes(func, passes_by_name("simplify,cse,dce,fuse"))
    xs = arguments(func)
    for found, expected in zip(Program(fused)(xs), ir.run(func, *xs), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporaries begin as NaN, so that reading one before it is written, or after it was overwritten, shows."""
    monkeypatch.setenv("TAPEOUT_POISON", "1")


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("fuse", ["", ",fuse"])
def test_a_training_step_as_one_program(fuse: str) -> None:
    nn, optim = tapeout.nn, tapeout.optim
    tapeout.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(7, 11),
        nn.BatchNorm1d(11),
        nn.GELU(),
        nn.Linear(11, 5),
        nn.LayerNorm(5),
        nn.Linear(5, 3),
    )
    model.double()
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)

    def step(x: tapeout.Tensor, y: tapeout.Tensor) -> tapeout.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    x, y = tapeout.randn(13, 7, dtype=tapeout.float64), tapeout.randint(0, 3, (13,))
    step(x, y)
    traced = tapeout.trace_program(step, x, y)
    func = run_passes(traced.func, passes_by_name("undetach,simplify,cse,dce" + fuse))
    arrays = [t.detach().numpy().copy() for t in (x, y, *(s.tensor for s in traced.state))]
    program = Program(func)
    for found, expected in zip(program(arrays), ir.run(traced.func, *arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    largest = max(v.type.nbytes for v in func.values())
    total = sum(v.type.nbytes for v in func.values())
    assert largest <= program.memory.arena_bytes < total / 2


@pytest.mark.parametrize(
    ("text", "index", "message"),
    [
        ("take(%x, %i)", [0, 4], "take: index 4 is out of bounds for dimension 0 with size 4"),
        ("take(%x, %i)", [-1, 0], "take: index -1 is out of bounds"),
        ("gather(%x, %i, dim=0)", [9, 0], "gather: index 9 is out of bounds"),
    ],
)
def test_an_index_out_of_bounds_raises(text: str, index: list[int], message: str) -> None:
    program = Program(
        ir.parse(f"func f(%x: f32[4], %i: i64[2]) {{\n  %y: f32[2] = {text}\n  return %y\n}}")
    )
    with pytest.raises(IndexError, match=message):
        program([np.arange(4, dtype=np.float32), np.array(index)])
    assert program([np.arange(4, dtype=np.float32), np.array([3, 1])])[0].tolist() == [3, 1]


def test_a_class_out_of_bounds_raises() -> None:
    text = (
        "func f(%z: f32[2,3], %t: i64[2]) {\n  %y: f32[2] = cross_entropy(%z, %t)\n  return %y\n}"
    )
    with pytest.raises(
        IndexError, match=r"Target 3 is out of bounds: there are 3 classes \(0 to 2\)"
    ):
        Program(ir.parse(text))([np.zeros((2, 3), np.float32), np.array([0, 3])])


def test_views_cost_nothing() -> None:
    text = """func f(%x: f32[4,6]) {
  %a: f32[6,4] = permute(%x, dims=[1,0])
  %b: f32[3,4] = slice(%a, dim=0, start=1, stop=6, step=2)
  %c: f32[3,4] = flip(%b, dims=[1])
  %d: f32[2,3,4] = expand(%c, shape=[2,3,4])
  %e: f32[2,3,4] = exp(%d)
  return %e, %a
}
"""
    func = ir.verify(ir.parse(text))
    program, x = Program(func), np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    assert [c.kernel.name for c in program.calls] == ["exp", "copy"]
    for found, expected in zip(program([x]), ir.run(func, x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_op_without_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = next(OPS["random_uniform"].samples())
    monkeypatch.delitem(RULES, OPS["random_uniform"])
    with pytest.raises(ir.IRError, match="the CPU backend has no code for random_uniform yet"):
        Program(as_func(sample))


def test_the_source_can_be_read() -> None:
    program = Program(as_func(next(OPS["softmax"].samples())))
    assert "def kernel(x0, x1, part, parts):" in program.source("softmax")
    assert program.source("other") == ""
