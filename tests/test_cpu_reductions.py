"""Reductions and row-wise kernels: any layout and size, any number of parts, with what follows them built in."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tapeout import ir
from tapeout.aligned import arena
from tapeout.backends.cpu.groups import walk_along
from tapeout.backends.cpu.kernel import Kernel
from tapeout.backends.cpu.layout import Layout
from tapeout.backends.cpu.lower import RULES, Job, walking
from tapeout.backends.cpu.schedule import as_body
from tapeout.backends.cpu.target import host
from tapeout.ir import Fused
from tapeout.ir.dtypes import of_numpy
from tapeout.ir.op import infer
from tapeout.ir.ops import reduction as rd
from tapeout.ir.ops import rowwise as rw
from tapeout.ir.ops.indexing import Put, Take
from tapeout.ir.ops.loss import CrossEntropy
from tapeout.runtime.loader import load

LOADED: dict[str, Any] = {}
SIZES = [1, 3, 17, 63, 64, 65, 1000]


def layout_of(x: np.ndarray) -> Layout:
    return Layout(x.shape, tuple(s // x.itemsize for s in x.strides))


def type_of(x: np.ndarray) -> ir.TensorType:
    return ir.TensorType(of_numpy(x.dtype), x.shape)


def kernel_of(instr: ir.Instr, buffers: Sequence[np.ndarray]) -> Kernel:
    """The kernel of an instruction on operands and results as they lie in memory."""
    layouts = tuple(map(layout_of, buffers))
    walk = walk_along(instr)
    if walk is None:
        types = tuple(map(type_of, buffers))
        return RULES[type(instr.op)](Job(instr.op, types, layouts, host(), len(instr.operands)))
    dtypes = [of_numpy(x.dtype) for x in buffers]
    return walking(instr.op.body or as_body(instr), walk, layouts, dtypes, host())


def called(
    kernel: Kernel,
    buffers: Sequence[np.ndarray],
    parts: int,
    only: int | None = None,
    scratch: np.ndarray | None = None,
) -> np.ndarray:
    """Run all parts, the last one first, or one of them; returns the status."""
    status = np.zeros(2, np.int64)
    scratch = arena(kernel.scratch_bytes(parts)) if scratch is None else scratch
    memory = [*buffers, *[status] * bool(kernel.complaint), *[scratch] * bool(kernel.scratch)]
    if kernel.symbol not in LOADED:
        library = load([kernel.object_code(host())], exports=[kernel.symbol])
        signature = [ctypes.c_void_p] * len(memory) + [ctypes.c_int64] * 2
        LOADED[kernel.symbol] = library.function(kernel.symbol, None, *signature)
    for part in reversed(range(parts)) if only is None else [only]:
        LOADED[kernel.symbol](*(x.ctypes.data for x in memory), part, parts)
    return status


def run(
    op: ir.Op,
    arrays: Sequence[np.ndarray],
    parts: int = 1,
    outs: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Call an op's kernel on arrays as they lie in memory; returns the results, then the status."""
    types = tuple(map(type_of, arrays))
    made = infer(op, types)
    instr = ir.Instr(op, tuple(map(ir.Value, types)), tuple(map(ir.Value, made)))
    outs = outs or [np.full(t.static_shape, 7, t.dtype.numpy) for t in made]
    buffers = [*arrays, *outs]
    return [*outs, called(kernel_of(instr, buffers), buffers, parts)]


def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    found = np.random.default_rng(sum(shape)).uniform(-2, 2, shape)
    return (
        found > 0
        if dtype is bool
        else (found * (1 if np.dtype(dtype).kind == "f" else 50)).astype(dtype)
    )


def check(op: ir.Op, *arrays: np.ndarray, rtol: float = 3e-6, parts: int = 3) -> None:
    found = run(op, arrays)[0]
    with np.errstate(invalid="ignore", over="ignore"):
        wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]
        np.testing.assert_allclose(found, op.ref(*wide), rtol=rtol, atol=3 * rtol)
    np.testing.assert_array_equal(run(op, arrays, parts)[0], found)


CASES = [(rd.Sum, n) for n in SIZES] + [
    (op, n) for op in (rd.AMax, rd.LogSumExp) for n in (17, 1000)
]


@pytest.mark.parametrize(("cls", "size"), CASES)
def test_rows_and_columns_of_any_size(cls: Any, size: int) -> None:
    check(cls((1,)), numbers(5, size))
    check(cls((0,)), numbers(7, size))
    check(cls((0,)), numbers(size, 70))


@pytest.mark.parametrize("cls", [rd.Sum, rd.Prod, rd.AMax, rd.AMin, rd.ArgMax, rd.ArgMin])
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int32, np.uint8, np.float16])
def test_element_types(cls: Any, dtype: Any) -> None:
    x = numbers(19, 37, dtype=dtype)
    for dim in (0, 1):
        op = cls(dim) if issubclass(cls, rd.Position) else cls((dim,), keepdim=True)
        with np.errstate(over="ignore"):
            expected = op.ref(x)
        rtol = 1e-3 if dtype is np.float16 else 1e-12
        np.testing.assert_allclose(run(op, [x], 2)[0], expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("cls", [rd.All, rd.Any_, rd.AMax, rd.ArgMax])
def test_truth(cls: Any) -> None:
    x = numbers(6, 33, dtype=bool)
    x[1], x[2] = True, False
    for dim in (0, 1):
        check(cls(dim) if cls is rd.ArgMax else cls((dim,)), x)


@pytest.mark.parametrize(
    "dims", [(), (0,), (1,), (2,), (3,), (0, 2), (1, 3), (0, 2, 3), (1, 2), (0, 1, 2, 3)]
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 2, 1)])
def test_any_dims_of_any_layout(dims: tuple[int, ...], order: tuple[int, ...]) -> None:
    x = numbers(3, 18, 5, 34).transpose(order)
    for op in (rd.Mean(dims, keepdim=True), rw.Normalize(dims, 1e-3)):
        check(op, x, rtol=2e-5)


@pytest.mark.parametrize(
    "view", [lambda x: x[::2], lambda x: x[:, ::3], lambda x: x[:, ::-1], lambda x: x[3:9, 5:40]]
)
def test_views(view: Any) -> None:
    x = view(numbers(12, 50))
    for op in (rd.Sum((0,)), rd.AMax((1,)), rd.ArgMin(0), rw.Softmax(1), rw.LogSoftmax(0)):
        check(op, x)


def test_one_number_for_many_places() -> None:
    x = np.broadcast_to(numbers(1, 40), (9, 40))
    check(rd.Sum((0,)), x)
    check(rd.Sum((1,)), np.broadcast_to(numbers(9, 1), (9, 40)))


def test_nothing_to_add() -> None:
    empty = np.zeros((4, 0), np.float32)
    assert run(rd.Sum((1,)), [empty])[0].tolist() == [0] * 4
    assert run(rd.Prod((1,)), [empty])[0].tolist() == [1] * 4
    assert np.isnan(run(rd.Mean((1,)), [empty])[0]).all()
    assert run(rd.LogSumExp((1,)), [empty])[0].tolist() == [-np.inf] * 4
    assert run(rd.All((1,)), [empty.astype(bool)])[0].all()
    assert run(rd.Sum((0,)), [empty])[0].shape == (0,)


@pytest.mark.parametrize("cls", [rd.AMax, rd.AMin, rd.LogSumExp, rd.Sum, rd.ArgMax, rd.ArgMin])
@pytest.mark.parametrize("size", [5, 64, 131])
def test_nan_and_infinities(cls: Any, size: int) -> None:
    x = numbers(6, size)
    x[0, size // 2] = x[0, size - 1] = x[1, 0] = np.nan
    x[1, 2], x[2, size - 2], x[3] = np.inf, np.inf, -np.inf
    x[4, size - 1] = -np.inf
    for y, dim in ((x, 1), (np.ascontiguousarray(x.T), 0), (x.T, 0)):
        check(cls(dim) if issubclass(cls, rd.Position) else cls((dim,)), y)


@pytest.mark.parametrize("dim", [0, 1])
def test_the_first_of_equal_elements_is_chosen(dim: int) -> None:
    x = np.round(numbers(90, 90)).astype(np.float32)
    for op in (rd.ArgMax(dim), rd.ArgMin(dim)):
        np.testing.assert_array_equal(run(op, [x])[0], op.ref(x))


def test_a_long_sum_is_accurate() -> None:
    x = np.full(1 << 20, 0.1, np.float32)
    assert abs(run(rd.Sum((0,)), [x])[0] / x.astype(np.float64).sum() - 1) < 2e-6


def test_a_mean_of_more_elements_than_halves_can_count() -> None:
    assert run(rd.Mean((0,)), [np.ones(70001, np.float16)])[0] == 1


@pytest.mark.parametrize("size", [1, 17, 65, 1000])
@pytest.mark.parametrize("cls", [rw.Softmax, rw.LogSoftmax])
def test_softmax(cls: Any, size: int) -> None:
    check(cls(1), numbers(5, size) * 20)
    check(cls(0), numbers(size, 39) * 20)
    check(cls(1), numbers(3, size, 2))


@pytest.mark.parametrize("width", [2, 3, 10, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_short_rows_side_by_side(width: int, dtype: Any) -> None:
    x = numbers(37, width, dtype=dtype)
    for op in (rw.Softmax(1), rw.Normalize((1,), 1e-3), rd.LogSumExp((1,)), rd.ArgMax(1)):
        check(op, x, rtol=2e-5)
    check(CrossEntropy(), x, np.arange(37) % width)
    check(rd.Sum((2,)), numbers(3, 37, width, dtype=dtype))
    wide = numbers(37, 2 * width, dtype=dtype)
    check(rw.LogSoftmax(1), wide[::-1, 1 : 1 + width], rtol=2e-5)


def test_softmax_of_infinities() -> None:
    x = numbers(4, 300)
    x[0, 7], x[1, 8], x[2], x[3, 4] = np.nan, np.inf, -np.inf, -np.inf
    check(rw.Softmax(1), x)
    check(rw.LogSoftmax(1), x)


@pytest.mark.parametrize("size", [1, 17, 64, 1000])
def test_normalize(size: int) -> None:
    check(rw.Normalize((1,), 1e-5), numbers(5, size) + 3, rtol=3e-5)
    check(rw.Normalize((0,), 1e-5), numbers(13, size) + 3, rtol=3e-5)


@pytest.mark.parametrize(
    ("size", "kind"), [(1, np.int64), (10, np.int32), (65, np.uint8), (1000, np.int64)]
)
def test_cross_entropy(size: int, kind: Any) -> None:
    classes = (np.arange(23) * 7 % min(size, 256)).astype(kind)
    check(CrossEntropy(), numbers(23, size), classes)
    check(CrossEntropy(ignore_index=0), numbers(size, 23).T, classes)


def test_a_wrong_class_is_reported_unless_ignored() -> None:
    op, x = CrossEntropy(ignore_index=-100), numbers(3, 5)
    assert run(op, [x, np.array([0, -100, 4])])[-1].tolist() == [0, 0]
    assert run(op, [x, np.array([0, 5, 4])])[-1].tolist() == [1, 5]
    classes = np.arange(40) % 5
    classes[[21, 23]] = 9, 8
    assert run(op, [numbers(40, 5), classes])[-1].tolist() == [1, 9]
    assert run(op, [numbers(5, 40).T, classes])[-1].tolist() == [1, 9]
    assert run(op, [np.zeros((2, 0), np.float32), np.array([-100, 3])])[-1].tolist() == [1, 3]


@pytest.mark.parametrize("shape", [(50,), (50, 3), (50, 64), (50, 7, 19)])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool, np.float16])
def test_take_copies_rows(shape: tuple[int, ...], dtype: Any) -> None:
    index = np.random.default_rng(0).integers(0, 50, (4, 5))
    x = numbers(*shape, dtype=dtype)
    for dim, y in ((0, x), (len(shape) - 1, np.moveaxis(x, 0, -1)), (0, x[::-1])):
        op = Take(dim)
        np.testing.assert_array_equal(run(op, [y, index], 3)[0], op.ref(y, index))


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("shape", [(11,), (11, 70), (11, 3, 19)])
def test_put_writes_rows_in_order(shape: tuple[int, ...], dtype: Any, accumulate: bool) -> None:
    x, index = numbers(*shape, dtype=dtype), np.arange(24).reshape(4, 6) * 5 % 11
    for dim, y in ((0, x), (len(shape) - 1, np.moveaxis(x, 0, -1)), (0, x[::-1])):
        op = Put(dim, accumulate)
        source = numbers(*Take(dim).ref(y, index).shape, dtype=dtype)
        found = run(op, [y, index, source], 3)[0]
        np.testing.assert_allclose(found, op.ref(y, index, source), rtol=1e-5, atol=1e-5)


def test_halves_are_rounded_at_every_addition() -> None:
    x, index, source = np.ones((2, 20), np.float16), np.ones(3, np.int64), numbers(3, 20)
    args = [x, index, source.astype(np.float16)]
    np.testing.assert_array_equal(run(Put(0, True), args)[0], Put(0, True).ref(*args))


def test_putting_out_of_bounds_is_reported() -> None:
    x, index, source = numbers(4, 33), np.array([1, 4]), numbers(2, 33)
    assert run(Put(), [x, index, source])[-1].tolist() == [1, 4]


def test_taking_from_nothing_is_reported() -> None:
    assert run(Take(), [np.zeros((0, 3), np.float32), np.array([2])])[-1].tolist() == [1, 2]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 1000])
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_is_stable(size: int, descending: bool) -> None:
    x = np.round(numbers(3, size) * 4).astype(np.float32)
    x[1, size // 2 :] = np.nan
    for op, y in ((rw.ArgSort(1, descending), x), (rw.ArgSort(0, descending), x.T)):
        np.testing.assert_array_equal(run(op, [y], 2)[0], op.ref(y))


def parsed_tail(reduction: str, sources: str, shape: str) -> ir.Op:
    """A momentum update: the reduction's result is the gradient."""
    text = f"""func update({sources}, %m: {shape}, %w: {shape}, %lr: f32[1]) {{
  %g: {shape} = {reduction}
  %a: {shape} = mul(%m, 0.5)
  %n: {shape} = add(%a, %g)
  %s: {shape} = mul(%lr, %n)
  %v: {shape} = sub(%w, %s)
  return %n, %v
}}
"""
    return Fused(ir.parse(text))


@pytest.mark.parametrize("n", [5, 64, 83, 130])
@pytest.mark.parametrize("form", ["columns", "rows", "strided"])
def test_an_update_in_place_after_a_reduction(form: str, n: int) -> None:
    x = {
        "columns": numbers(33, n),
        "rows": numbers(n, 33).T,
        "strided": numbers(33, 2 * n)[:, ::2],
    }[form]
    op = parsed_tail("sum(%x, dims=[0])", f"%x: f32[33,{n}]", f"f32[{n}]")
    m, w, lr = numbers(n), numbers(n) + 1, numbers(1)
    expected_m = m * 0.5 + x.sum(0, np.float64)
    expected_w = w - lr * expected_m
    run(op, [x, m, w, lr], 2, [m, w])
    np.testing.assert_allclose(m, expected_m, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(w, expected_w, rtol=1e-5, atol=1e-5)


def scaled(op: str, sources: str, shape: str) -> ir.Op:
    text = f"""func scale({sources}, %w: {shape}, %b: {shape}) {{
  %r: {shape} = {op}
  %a: {shape} = mul(%r, %w)
  %y: {shape} = add(%a, %b)
  return %y
}}
"""
    return Fused(ir.parse(text))


@pytest.mark.parametrize(("height", "width"), [(37, 6), (9, 40), (5, 300)])
@pytest.mark.parametrize(
    "op", [rw.Normalize((1,), 1e-5), rw.Softmax(1), rw.LogSoftmax(1), rw.Softmax(0)]
)
def test_what_follows_a_rowwise_op(op: Any, height: int, width: int) -> None:
    x, w, b = numbers(height, width), numbers(height, width) + 1, numbers(height, width) - 1
    shape = f"f32[{height},{width}]"
    attrs = ", ".join(
        f"{k}={list(v) if isinstance(v, tuple) else v}" for k, v in op.attrs().items()
    )
    (found, _) = run(scaled(f"{op.name}(%x, {attrs})", f"%x: {shape}", shape), [x, w, b], 2)
    np.testing.assert_allclose(found, op.ref(x) * w + b, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("text", "op", "arrays"),
    [
        ("logsumexp(%x0, dims=[1])", rd.LogSumExp((1,)), [numbers(9, 40)]),
        ("mean(%x0, dims=[1])", rd.Mean((1,)), [numbers(9, 40)]),
        ("cross_entropy(%x0, %x1)", CrossEntropy(), [numbers(9, 40), np.arange(9)]),
    ],
)
def test_what_follows_a_reduction(text: str, op: Any, arrays: list[np.ndarray]) -> None:
    w, b = numbers(9), numbers(9) * 3
    sources = ", ".join(f"%x{n}: {type_of(x)}" for n, x in enumerate(arrays))
    (found, _) = run(scaled(text, sources, "f32[9]"), [*arrays, w, b], 2)
    np.testing.assert_allclose(found, op.ref(*arrays) * w + b, rtol=2e-5, atol=2e-5)


def test_a_kernel_is_known_by_what_it_does() -> None:
    x = numbers(8, 24)

    def symbol(op: Any, x: np.ndarray, name: str = "x") -> str:
        instr = ir.Instr(op, (ir.Value(type_of(x), name),), (ir.Value(type_of(out), "y"),))
        return str(kernel_of(instr, [x, out]).symbol)

    out = numbers(8)
    ops = [rd.Sum((1,)), rd.Mean((1,)), rd.AMax((1,)), rd.AMin((1,))]
    turned = np.asfortranarray(x)
    found = [symbol(op, y) for op in ops for y in (x, turned)]
    assert len(set(found)) == len(found)
    assert symbol(ops[0], x, "another") == found[0]
