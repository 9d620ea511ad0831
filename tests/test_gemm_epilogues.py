"""What follows a product inside its kernel: fused bodies, in place or not, in every layout and way of computing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gemm_kernels import Matrix, Runner, column_major, row_major, runner
from tapeout import ir
from tapeout.backends.cpu.gemm import Body, Operand, Product, ProductError, Tiling
from tapeout.backends.cpu.gemm.plan import plan_product
from tapeout.backends.cpu.target import host
from tapeout.ir.dtypes import DType, bool_, float16, float32, float64
from tapeout.ir.interpreter import evaluate

Array = np.ndarray[Any, Any]
M, N, K = 13, 37, 9
ROW = Operand(N, 1)
ONE, PER_COLUMN, PER_ROW = Operand(0, 0), Operand(0, 1), Operand(1, 0)
WAYS = {
    "chosen": None,
    "plain": Tiling("broadcast", 5, 16, 16),
    "turned": Tiling("broadcast", 5, 8, 8, packed=True, turned=True),
    "dot": Tiling("dot", 3, 5, 8),
}


def body(emit: Callable[..., Any], *dtypes: DType, m: int = M, n: int = N) -> ir.Func:
    """A body over m × n elements, whose first argument is the product."""
    builder = ir.FuncBuilder("body")
    kinds = (float32, *dtypes)
    arguments = [
        builder.arg(f"x{i}", ir.TensorType(dtype, (m, n))) for i, dtype in enumerate(kinds)
    ]
    results = emit(builder, *arguments)
    return builder.finish(results if isinstance(results, tuple) else (results,))


def product(m: int = M, n: int = N, k: int = K, b: str = "row") -> Product:
    layout = row_major if b == "row" else column_major
    return Product(m, n, k, row_major(m, k), layout(k, n))


def stored(layout: Operand, dtype: DType, values: Array | None = None) -> Matrix:
    """A matrix in memory that repeats where its strides are 0."""
    rows, columns = M if layout.row_stride else 1, N if layout.column_stride else 1
    return Matrix(rows, columns, layout, dtype.numpy, values)


def expected(func: ir.Func, p: Product, a: Matrix, b: Matrix, inputs: list[Matrix]) -> list[Array]:
    sums = (a.view.astype(np.float64) @ b.view.astype(np.float64)).astype(np.float32)
    arrays = [np.broadcast_to(i.view, (p.m, p.n)) for i in inputs]
    return evaluate(func, [sums, *arrays])


def check(way: str, epilogue: Body, inputs: list[Matrix], parts: int = 2) -> None:
    """The body's results, written to new memory."""
    p = product(b="column" if way == "dot" else "row")
    a, b = Matrix(p.m, p.k, p.a, np.float32), Matrix(p.k, p.n, p.b, np.float32)
    outputs = [
        Matrix(p.m, p.n, layout, r.value.type.dtype.numpy, values=3)
        for layout, r in zip(epilogue.outputs, epilogue.func.results, strict=True)
    ]
    made: Runner = runner(p, epilogue, WAYS[way])
    made([x.address for x in (a, b, *inputs, *outputs)], parts)
    for output, values in zip(outputs, expected(epilogue.func, p, a, b, inputs), strict=True):
        rounding = 1e-2 if values.dtype == np.float16 else 1e-5
        np.testing.assert_allclose(output.view, values, rtol=rounding, atol=rounding)
        output.check_between()


def bias_relu(b: Any, product: Any, bias: Any) -> Any:
    return b.relu(b.add(product, bias))


@pytest.mark.parametrize(
    "way, layout",
    [
        *((way, layout) for way in WAYS for layout in (PER_COLUMN, PER_ROW)),
        *(("chosen", layout) for layout in (ONE, Operand(N + 4, 1), Operand(2 * N, 2))),
        ("turned", Operand(1, M)),
    ],
)
def test_layouts_of_what_is_added(way: str, layout: Operand) -> None:
    epilogue = Body(body(bias_relu, float32), (None, layout), (ROW,))
    check(way, epilogue, [stored(layout, float32)])


def test_product_need_not_come_first() -> None:
    builder = ir.FuncBuilder("body")
    kind = ir.TensorType(float32, (M, N))
    bias, sums = builder.arg("bias", kind), builder.arg("sums", kind)
    func = builder.finish([builder.sub(bias, sums)])
    made = runner(product(), Body(func, (PER_COLUMN, None), (ROW,)))
    a, b = Matrix(M, K, row_major(M, K), np.float32), Matrix(K, N, row_major(K, N), np.float32)
    start, out = stored(PER_COLUMN, float32), Matrix(M, N, ROW, np.float32)
    made([a.address, b.address, start.address, out.address])
    np.testing.assert_allclose(out.view, start.view - a.view @ b.view, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_mask_in_and_several_results_out(way: str) -> None:
    def masked(b: Any, product: Any, mask: Any) -> Any:
        positive = b.gt(product, 0.0)
        return b.where(mask, product, 0.5), positive, b.cast(product, dtype=float16)

    epilogue = Body(body(masked, bool_), (None, ROW), (Operand(N + 2, 1), ROW, Operand(1, M)))
    mask = np.random.default_rng(3).random((M, N)) < 0.5
    check(way, epilogue, [stored(ROW, bool_, mask)])


def adam(b: Any, g: Any, m: Any, v: Any, p: Any, rate: Any) -> Any:
    m = b.add(b.mul(m, 0.9), b.mul(g, 0.1))
    v = b.add(b.mul(v, 0.99), b.mul(b.mul(g, g), 0.01))
    return m, v, b.sub(p, b.div(b.mul(rate, m), b.add(b.sqrt(v), 1e-8)))


@pytest.mark.parametrize("way, parts", [("plain", 1), ("chosen", 3), ("turned", 2), ("dot", 2)])
def test_update_in_place(way: str, parts: int) -> None:
    func = body(adam, float32, float32, float32, float32)
    epilogue = Body(func, (None, ROW, ROW, ROW, ONE), (ROW, ROW, ROW))
    p = product(b="column" if way == "dot" else "row")
    a, b = Matrix(p.m, p.k, p.a, np.float32), Matrix(p.k, p.n, p.b, np.float32)
    state = [stored(ROW, float32, np.full((M, N), value)) for value in (0.3, 0.2, 0.1)]
    inputs = [*state, stored(ONE, float32, np.full((1, 1), 0.01))]
    results = expected(func, p, a, b, inputs)
    runner(p, epilogue, WAYS[way])([x.address for x in (a, b, *inputs, *state)], parts)
    for matrix, values in zip(state, results, strict=True):
        np.testing.assert_allclose(matrix.view, values, rtol=1e-5, atol=1e-6)


def test_body_without_terms_works_on_zeros() -> None:
    p = product(k=0)
    epilogue = Body(body(bias_relu, float32), (None, PER_COLUMN), (ROW,))
    bias, out = stored(PER_COLUMN, float32), Matrix(M, N, ROW, np.float32)
    runner(p, epilogue)([out.address, out.address, bias.address, out.address])
    np.testing.assert_array_equal(out.view, np.broadcast_to(np.maximum(bias.view, 0), (M, N)))


@pytest.mark.parametrize("b", ["row", "column"])
def test_single_column_is_computed_as_a_row(b: str) -> None:
    p = product(n=1, b=b)
    column = Operand(1, 1)
    epilogue = Body(body(bias_relu, float32, n=1), (None, PER_ROW), (column,))
    x, y = Matrix(M, K, p.a, np.float32), Matrix(K, 1, p.b, np.float32)
    bias, out = Matrix(M, 1, PER_ROW, np.float32), Matrix(M, 1, column, np.float32)
    made = runner(p, epilogue)
    assert plan_product(p, epilogue, host()).product.m == 1
    made([m.address for m in (x, y, bias, out)])
    sums = np.maximum(x.view @ y.view + bias.view, 0)
    np.testing.assert_allclose(out.view, sums, rtol=1e-5, atol=1e-6)


def test_body_in_double_precision() -> None:
    builder = ir.FuncBuilder("body")
    sums = builder.arg("sums", ir.TensorType(float64, (M, N)))
    func = builder.finish([builder.exp(sums)])
    p = Product(M, N, K, row_major(M, K), row_major(K, N), "f64")
    a, b = Matrix(M, K, p.a, np.float64), Matrix(K, N, p.b, np.float64)
    out = Matrix(M, N, ROW, np.float64)
    runner(p, Body(func, (None,), (ROW,)))([m.address for m in (a, b, out)])
    np.testing.assert_allclose(out.view, np.exp(a.view @ b.view), rtol=1e-13)


def test_memory_must_be_described_for_every_argument_and_result() -> None:
    with pytest.raises(ProductError, match=r"has 2 arguments and 1 results, .* for 3 and 1"):
        Body(body(bias_relu, float32), (None, ROW, ROW), (ROW,))


@pytest.mark.parametrize("inputs, count", [((ROW, ROW), 0), ((None, None), 2)])
def test_one_input_stands_for_the_product(inputs: tuple[Operand | None, ...], count: int) -> None:
    with pytest.raises(ProductError, match=f"must be None, to stand for the product; {count} are"):
        Body(body(bias_relu, float32), inputs, (ROW,))
