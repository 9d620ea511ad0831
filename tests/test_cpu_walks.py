"""Fused bodies of one walk are one kernel each, and mean what the interpreter means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeout import ir
from tapeout.backends.cpu import Program
from tapeout.backends.cpu.groups import apart, walk_along
from tapeout.ir import Fused
from tapeout.ir.pipeline import passes_by_name, run_passes
from test_cpu_reductions import called, kernel_of, numbers, run

DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64, "bool": bool}


def body(head: str, *lines: str) -> ir.Func:
    return ir.verify(ir.parse(f"func f({head}) {{\n  " + "\n  ".join(lines) + "\n}\n"))


def agrees(
    func: ir.Func, arrays: Sequence[np.ndarray], rtol: float = 1e-5, parts: int = 3
) -> list[np.ndarray]:
    """The results of the one kernel of a body, after a comparison with the interpreter."""
    found = run(Fused(func), arrays)[:-1]
    with np.errstate(all="ignore"):
        expected = ir.run(func, *arrays)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol)
    for x, y in zip(run(Fused(func), arrays, parts), found, strict=False):
        np.testing.assert_array_equal(x, y)
    return found


def one_kernel(text: str) -> Program:
    program = Program(
        run_passes(ir.verify(ir.parse(text)), passes_by_name("simplify,cse,dce,fuse"))
    )
    assert len(program.calls) == 1, [c.kernel.name for c in program.calls]
    return program


AFFINE = """func f(%x: f32[{m},{n}], %w: f32[{k}], %b: f32[{k}]) {{
  %n: f32[{m},{n}] = normalize(%x, dims=[{d}], eps=1e-05)
  %v: f32[{view}] = reshape(%w, shape=[{view}])
  %m: f32[{m},{n}] = mul(%n, %v)
  %c: f32[{view}] = reshape(%b, shape=[{view}])
  %y: f32[{m},{n}] = add(%m, %c)
  return %y
}}
"""


@pytest.mark.parametrize(("m", "n"), [(1, 1), (7, 5), (37, 16), (6, 130), (33, 70), (3, 1000)])
@pytest.mark.parametrize("d", [0, 1])
@pytest.mark.parametrize("along", [True, False])
def test_normalisation_with_weights(m: int, n: int, d: int, along: bool) -> None:
    """Layer normalisation has a weight for each place along the walk, batch normalisation one for each walk."""
    k, view = (n, f"1,{n}") if along == (d == 1) else (m, f"{m},1")
    program = one_kernel(AFFINE.format(m=m, n=n, d=d, k=k, view=view))
    arrays = [numbers(m, n) + 3, numbers(k), numbers(k) * 2]
    (found,), (expected,) = program(arrays), ir.run(program.func, *arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-4)


GRADIENTS = {
    "softmax": ("softmax(%x, dim={d})", "f32[{m},{n}]"),
    "log_softmax": ("log_softmax(%x, dim={d})", "f32[{m},{n}]"),
    "normalize": ("normalize(%x, dims=[{d}], eps=0.001)", "f32[{m},{n}]"),
    "logsumexp": ("logsumexp(%x, dims=[{d}], keepdim=true)", "f32[{k}]"),
    "amax": ("amax(%x, dims=[{d}], keepdim=true)", "f32[{k}]"),
}


@pytest.mark.parametrize(("m", "n"), [(5, 3), (37, 12), (9, 70), (40, 300)])
@pytest.mark.parametrize("d", [0, 1])
@pytest.mark.parametrize("name", GRADIENTS)
def test_the_elements_of_a_gradient_are_one_kernel(name: str, d: int, m: int, n: int) -> None:
    op, kind = (s.format(d=d, m=m, n=n, k=f"{m},1" if d else f"1,{n}") for s in GRADIENTS[name])
    text = f"""func f(%x: f32[{m},{n}], %t: {kind}) {{
  %y: {kind} = {op}
  %p: {kind} = mul(%y, %t)
  %s: f32[] = sum(%p, dims=[0,1])
  return %s
}}
"""
    whole = run_passes(ir.verify(ir.parse(text)), passes_by_name("grad,simplify,cse,dce"))
    x, t = numbers(m, n), numbers(*whole.args[1].type.static_shape) + 1
    pruned = run_passes(
        ir.Func("g", whole.args, whole.body, whole.results[1:2]), passes_by_name("dce,fuse")
    )
    program = Program(pruned)
    over_elements = [c for c in program.calls if c.instr.results[0].type.shape == (m, n)]
    assert len(over_elements) == 1, [c.kernel.name for c in program.calls]
    (found,), (expected,) = program([x, t]), ir.run(pruned, x, t)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


LOGITS = """func f(%y: i64[{m}], %x: f32[{m},{n}], %w: f32[{m},1]) {{
  %o: f32[{m},{n}] = one_hot(%y, classes={n}, dtype=f32)
  %s: f32[{m},{n}] = softmax(%x, dim=1)
  %d: f32[{m},{n}] = sub(%s, %o)
  %r: f32[{m},{n}] = mul(%d, %w)
  return %r
}}
"""


@pytest.mark.parametrize(("m", "n"), [(64, 10), (5, 2), (3, 40), (7, 1000), (1, 1)])
@pytest.mark.parametrize("form", ["rows", "columns", "apart"])
def test_the_gradient_of_a_classifier(m: int, n: int, form: str) -> None:
    func = ir.parse(LOGITS.format(m=m, n=n))
    x = numbers(m, 2 * n)[:, ::2] if form == "apart" else numbers(m, n)
    x = np.asfortranarray(x) if form == "columns" else x
    labels = np.arange(m) * 7 % (n + 2) - 1
    agrees(func, [labels, x, numbers(m, 1)])


@pytest.mark.parametrize("kind", ["f32", "f64", "f16", "i64", "bool"])
@pytest.mark.parametrize("classes", [1, 3, 17, 300])
@pytest.mark.parametrize("index", [np.int64, np.int32, np.uint8])
def test_one_hot(kind: str, classes: int, index: Any) -> None:
    labels = (np.arange(30).reshape(5, 6) * 11).astype(index)
    func = body(
        f"%i: {'i64' if index is np.int64 else 'i32' if index is np.int32 else 'u8'}[5,6]",
        f"%o: {kind}[5,6,{classes}] = one_hot(%i, classes={classes}, dtype={kind})",
        "return %o",
    )
    agrees(func, [labels])
    agrees(func, [np.asfortranarray(labels)])


def test_masks_labels_and_floats_together() -> None:
    func = body(
        "%x: f32[9,37], %m: bool[9,37], %y: i64[9]",
        "%z: f32[9,37] = where(%m, -inf, %x)",
        "%l: f32[9] = cross_entropy(%z, %y)",
        "%k: bool[9] = ne(%y, -100)",
        "%c: f32[9] = cast(%k, dtype=f32)",
        "%r: f32[9] = mul(%l, %c)",
        "%a: i64[9] = argmax(%z, dim=1)",
        "%h: bool[9] = eq(%a, %y)",
        "return %r, %h, %z",
    )
    y = np.arange(9) * 4
    y[3] = -100
    mask = numbers(9, 37) > 1
    mask[np.arange(9), np.maximum(y, 0)] = False
    for x in (numbers(9, 37), np.asfortranarray(numbers(9, 37))):
        agrees(func, [x, mask, y])


@pytest.mark.parametrize("n", [6, 300])
def test_a_class_out_of_bounds_is_reported(n: int) -> None:
    func = body(
        f"%x: f32[4,{n}], %y: i64[4]",
        f"%z: f32[4,{n}] = mul(%x, 2.0)",
        "%l: f32[4] = cross_entropy(%z, %y)",
        "%r: f32[4] = neg(%l)",
        "return %r",
    )
    op = Fused(func)
    assert run(op, [numbers(4, n), np.array([0, -100, 2, 1])])[-1].tolist() == [0, 0]
    assert run(op, [numbers(4, n), np.array([0, -100, n, 1])])[-1].tolist() == [1, n]
    outside = ir.FuncBuilder("f")
    args = [outside.arg(a.name, a.type) for a in func.args]
    results = tuple(ir.Value(r.value.type) for r in func.results)
    outside.append(ir.Instr(op, tuple(args), results))
    with pytest.raises(IndexError, match=f"Target {n} is out of bounds: there are {n} classes"):
        Program(outside.finish(results))([numbers(4, n), np.array([0, 1, n, 1])])


@pytest.mark.parametrize("dims", [(0,), (1,), (2,), (0, 2), (0, 1), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("kind", ["f64", "f16"])
def test_any_dims_of_any_layout(dims: tuple[int, ...], order: tuple[int, ...], kind: str) -> None:
    shape, flat = [5, 18, 23], [1 if d in dims else n for d, n in enumerate((5, 18, 23))]
    func = body(
        f"%x: {kind}{shape}, %u: {kind}{shape}, %w: {kind}[23], %c: {kind}{flat}, %s: {kind}[]",
        f"%a: {kind}{shape} = mul(%x, %w)",
        f"%t: {kind}{flat} = mean(%a, dims={list(dims)}, keepdim=true)",
        f"%k: {kind}{flat} = maximum(%t, %c)",
        f"%d: {kind}{shape} = sub(%u, %k)",
        f"%n: {kind}{shape} = normalize(%d, dims={list(dims)}, eps=0.01)",
        f"%p: {kind}{shape} = mul(%n, %s)",
        f"%m: {kind}{flat} = amin(%p, dims={list(dims)}, keepdim=true)",
        "return %d, %k, %p, %m",
    )
    dtype = DTYPES[kind]
    x = np.transpose(numbers(*(shape[d] for d in order), dtype=dtype), np.argsort(order))
    others = [np.asarray(numbers(*s, dtype=dtype)) for s in (shape, [23], flat, [])]
    agrees(func, [x, *others], rtol=1e-11 if kind == "f64" else 4e-3)


@pytest.mark.parametrize("size", [5, 64, 131])
def test_nan_and_infinities(size: int) -> None:
    func = body(
        f"%x: f32[6,{size}]",
        f"%s: f32[6,{size}] = softmax(%x, dim=1)",
        "%l: f32[6] = logsumexp(%x, dims=[1])",
        "%t: f32[6] = amax(%x, dims=[1])",
        "%d: f32[6] = sub(%l, %t)",
        "return %s, %d",
    )
    x = numbers(6, size)
    x[0, size // 2] = np.nan
    x[1, 2], x[2, size - 2], x[3], x[4, 1] = np.inf, np.inf, -np.inf, -np.inf
    agrees(func, [x])
    agrees(func, [np.asfortranarray(x)])


@pytest.mark.parametrize(("m", "n"), [(9, 7), (40, 33), (5, 700)])
@pytest.mark.parametrize("d", [0, 1])
def test_results_over_operands(m: int, n: int, d: int) -> None:
    """Elements over elements, what is there once per walk over its like."""
    flat = f"{m},1" if d else f"1,{n}"
    func = body(
        f"%x: f32[{m},{n}], %c: f32[{flat}], %u: f32[{m},{n}]",
        f"%s: f32[{m},{n}] = softmax(%x, dim={d})",
        f"%p: f32[{m},{n}] = mul(%s, %c)",
        f"%q: f32[{m},{n}] = add(%p, %u)",
        f"%t: f32[{flat}] = sum(%q, dims=[{d}], keepdim=true)",
        f"%k: f32[{flat}] = sub(%c, %t)",
        "return %q, %k, %p",
    )
    arrays = [numbers(m, n), numbers(*map(int, flat.split(","))), numbers(m, n) + 1]
    expected = ir.run(func, *arrays)
    x, c, u = (a.copy() for a in arrays)
    found = run(Fused(func), [x, c, u], 2, [u, c, x])
    for a, b in zip(found, expected, strict=False):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("n", [7, 40, 300])
def test_all_is_read_before_anything_is_written(n: int) -> None:
    func = body(
        f"%x: f64[5,{n}], %u: f64[5,{n}]",
        "%t: f64[5,1] = amax(%x, dims=[1], keepdim=true)",
        f"%a: f64[5,{n}] = add(%x, %t)",
        f"%b: f64[5,{n}] = mul(%u, %t)",
        "return %a, %b",
    )
    x, u = numbers(5, n, dtype=np.float64), numbers(5, n, dtype=np.float64) + 1
    expected = ir.run(func, x, u)
    found = run(Fused(func), [x, u], 2, [u, x])
    for a, b in zip(found, expected, strict=False):
        np.testing.assert_array_equal(a, b)


def test_members_round_as_they_would_alone() -> None:
    func = body(
        "%x: f16[6,70]",
        "%s: f16[6] = sum(%x, dims=[1])",
        "%t: f32[6] = cast(%s, dtype=f32)",
        "%n: f16[6,70] = normalize(%x, dims=[1], eps=0.1)",
        "%m: f32[6,70] = cast(%n, dtype=f32)",
        "return %t, %m",
    )
    for x in run(Fused(func), [numbers(6, 70, dtype=np.float16)])[:-1]:
        np.testing.assert_array_equal(x, x.astype(np.float16).astype(np.float32))


KEPT = body(
    "%x: f32[6,400], %y: i64[6]",
    "%h: f32[6,400] = tanh(%x)",
    "%l: f32[6] = cross_entropy(%h, %y)",
    "%n: f32[6,400] = normalize(%h, dims=[1], eps=0.1)",
    "return %l, %n",
)


@pytest.mark.parametrize("turned", [False, True])
def test_what_takes_long_is_kept_between_passes(turned: bool) -> None:
    """Each part has room of its own for the elements of a panel."""
    x, y = numbers(6, 400), np.arange(6) * 70
    x = np.asfortranarray(x) if turned else x
    agrees(KEPT, [x, y])
    outs = [numbers(6), numbers(6, 400)]
    buffers = [x, y, *outs]
    instr = ir.Instr(Fused(KEPT), KEPT.args, tuple(r.value for r in KEPT.results))
    kernel = kernel_of(instr, buffers)
    own = kernel.scratch_bytes(1)
    assert own >= 4 * 400
    scratch = np.full(2 * own, 77, np.uint8)
    called(kernel, buffers, 2, only=1, scratch=scratch)
    assert (scratch[:own] == 77).all()
    assert turned or (scratch[own:] != 77).any()


def test_short_walks_need_no_memory() -> None:
    func = body(
        "%x: f32[64,10]",
        "%h: f32[64,10] = tanh(%x)",
        "%s: f32[64,10] = softmax(%h, dim=1)",
        "return %s",
    )
    x = numbers(64, 10)
    instr = ir.Instr(Fused(func), func.args, (func.results[0].value,))
    assert kernel_of(instr, [x, x]).scratch is None


def test_updates_are_written_over_what_they_replace() -> None:
    program = one_kernel("""func f(%x: f32[33,20], %w: f32[20], %e: f32[33,20]) {
  %s: f32[20] = sum(%x, dims=[0])
  %n: f32[20] = sub(%w, %s)
  %m: f32[33,20] = mul(%e, %s)
  return %n as %w, %m as %e
}
""")
    kinds = [program.memory.buffers[b].kind for b in program.calls[0].written]
    assert kinds == ["argument", "argument"]
    arrays = [numbers(33, 20), numbers(20), numbers(33, 20) + 1]
    for a, b in zip(program(arrays), ir.run(program.func, *arrays), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_what_is_read_along_the_walk_is_not_written_over() -> None:
    """Every row reads all of the weights, one row each makes a new one."""
    func = ir.parse("""func f(%x: f32[30,30], %w: f32[30]) {
  %n: f32[30] = row(%x, %w) {
    %p: f32[30,30] = mul(%x, %w)
    yield sum(%p, dims=[1])
  }
  return %n as %w
}
""")
    program, arrays = Program(func), [numbers(30, 30), numbers(30)]
    (found,), (expected,) = program(arrays), ir.run(func, *arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_body_that_is_not_one_walk_is_taken_apart() -> None:
    func = ir.parse("""func f(%x: f32[5,5]) {
  %y: f32[5,5] = both(%x) {
    %s: f32[5] = sum(%x, dims=[1])
    yield add(%x, %s)
  }
  return %y
}
""")
    assert [i.op.name for i in apart(func).body] == ["sum", "add"]
    (found,), x = Program(func)([numbers(5, 5)]), numbers(5, 5)
    np.testing.assert_allclose(found, x + x.sum(1), rtol=1e-5)


def test_names_do_not_make_another_kernel() -> None:
    lines = ["%s: f32[4,9] = softmax(%x, dim=1)", "%r: f32[4,9] = mul(%s, %w)", "return %r"]
    first = body("%x: f32[4,9], %w: f32[4,9]", *lines)
    renamed = body(
        "%a: f32[4,9], %b: f32[4,9]", *(s.replace("%x", "%a").replace("%w", "%b") for s in lines)
    )
    other = body("%x: f32[4,9], %w: f32[4,9]", *(s.replace("%s, %w", "%w, %w") for s in lines))
    buffers = [numbers(4, 9)] * 3
    made = [
        kernel_of(ir.Instr(Fused(f), f.args, (f.results[0].value,)), buffers).symbol
        for f in (first, renamed, other)
    ]
    assert made[0] == made[1] != made[2]


# ---- random bodies

SHAPES = [(3, 5), (5, 3), (4, 17), (40, 3), (2, 3, 7), (3, 1, 6), (1, 4), (4, 4)]
UNARY = ["neg", "abs", "tanh", "relu", "exp"]
BINARY = ["add", "sub", "mul", "maximum"]


@st.composite
def walks(draw: st.DrawFn) -> ir.Func:
    """A body of one walk: values that are there for each element, and values that are there once."""
    shape = draw(st.sampled_from(SHAPES))
    dims = tuple(sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))))
    flat = tuple(1 if d in dims else n for d, n in enumerate(shape))
    b = ir.FuncBuilder("walk")
    make = [ir.TensorType(ir.dtypes.float64, s) for s in (shape, shape, flat, shape[-1:])]
    values: list[ir.Value] = [b.arg(f"x{i}", t) for i, t in enumerate(make)]
    values.append(draw(_walker(b, values[0], dims)))
    for _ in range(draw(st.integers(1, 8))):
        fitting = [v for v in values if v.type.shape in (shape, flat)]
        x = draw(st.sampled_from(fitting))
        kind = draw(st.sampled_from(["unary", "binary", "walk"]))
        if kind == "walk" and x.type.shape == shape:
            values.append(draw(_walker(b, x, dims)))
        elif kind == "unary":
            values.append(getattr(b, draw(st.sampled_from(UNARY)))(x))
        else:
            with_row = [values[3]] if x.type.shape == shape else []
            y = draw(st.sampled_from([*fitting, *with_row, 0.5]))
            values.append(getattr(b, draw(st.sampled_from(BINARY)))(x, y))
    made = values[4:]
    results = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    return b.finish([*results, made[-1]] if made[-1] not in results else results)


@st.composite
def _walker(draw: st.DrawFn, b: Any, x: ir.Value, dims: tuple[int, ...]) -> ir.Value:
    kinds = ["sum", "mean", "amax", "normalize", "logsumexp", "softmax", "log_softmax"]
    name = draw(st.sampled_from(kinds if len(dims) == 1 else kinds[:-2]))
    if name == "normalize":
        return b.normalize(x, dims=dims, eps=0.1)
    if "softmax" in name:
        return getattr(b, name)(x, dim=dims[0])
    return getattr(b, name)(x, dims=dims, keepdim=True)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(walks(), st.booleans())
def test_random_walks(func: ir.Func, turned: bool) -> None:
    rng = np.random.default_rng(5)
    arrays = [rng.uniform(-1, 1, a.type.static_shape) for a in func.args]
    arrays = [np.asfortranarray(a) for a in arrays] if turned else arrays
    instr = ir.Instr(Fused(func), func.args, tuple(r.value for r in func.results))
    assert walk_along(instr) is not None
    expected = ir.run(func, *arrays)
    outs = [np.empty(r.value.type.static_shape) for r in func.results]
    kernel = kernel_of(instr, [*arrays, *outs])
    for parts in (1, 3):
        called(kernel, [*arrays, *outs], parts)
        for found, wanted in zip(outs, expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
