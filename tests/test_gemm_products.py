"""Matrix-product kernels against NumPy in double precision: sizes, layouts, ways of computing, parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gemm_kernels import DTYPES, Matrix, Runner, column_major, row_major, runner, tolerance
from tapeout.backends.cpu.emit import optimize, undefined_symbols
from tapeout.backends.cpu.gemm import Operand, Product, ProductError, Store, Tiling, gemm_kernel
from tapeout.backends.cpu.target import Target, host

Array = np.ndarray[Any, Any]
Layout = Callable[[int, int], Operand]
LAYOUTS: dict[str, Layout] = {
    "row": row_major,
    "column": column_major,
    "gaps": lambda rows, columns: Operand(columns + 3, 1),
    "spread": lambda rows, columns: Operand(2 * columns + 1, 2),
}


def product(m: int, n: int, k: int, a: str = "row", b: str = "row", dtype: str = "f32") -> Product:
    return Product(m, n, k, LAYOUTS[a](m, k), LAYOUTS[b](k, n), dtype)


def check(made: Runner, p: Product, result: Operand, at_end: bool = True, parts: int = 3) -> None:
    """The right result, the same for one part and several; nothing touched that is not the result's."""
    dtype = DTYPES[p.dtype]
    a = Matrix(p.m, p.k, p.a, dtype, at_end=at_end)
    b = Matrix(p.k, p.n, p.b, dtype, at_end=at_end)
    whole = Matrix(p.m, p.n, result, dtype, values=5, at_end=at_end)
    shared = Matrix(p.m, p.n, result, dtype, values=6, at_end=at_end)
    inputs = a.elements.copy(), b.elements.copy()
    made([a.address, b.address, whole.address])
    made([a.address, b.address, shared.address], parts)
    exact = a.view.astype(np.float64) @ b.view.astype(np.float64)
    assert (np.abs(whole.view - exact) <= tolerance(a.view, b.view, p.dtype)).all()
    np.testing.assert_array_equal(shared.view, whole.view)
    whole.check_between()
    shared.check_between()
    np.testing.assert_array_equal(a.elements, inputs[0])
    np.testing.assert_array_equal(b.elements, inputs[1])


def check_product(p: Product, tiling: Tiling | None = None, target: Target | None = None) -> None:
    check(runner(p, Store(p.n, 1, p.dtype), tiling, target), p, Operand(p.n, 1))


SIZES = [
    (1, 1, 1), (7, 1, 40), (1, 9, 33), (5, 2, 3), (33, 10, 17), (64, 3, 7), (13, 37, 131),
]  # fmt: skip


@pytest.mark.parametrize("m, n, k", SIZES)
@pytest.mark.parametrize("a, b", [("row", "row"), ("row", "column"), ("column", "row")])
def test_product_of_any_size_and_order(m: int, n: int, k: int, a: str, b: str) -> None:
    check_product(product(m, n, k, a, b))


@pytest.mark.parametrize("m, n, k", [(3, 5, 2), (13, 37, 19), (64, 10, 128)])
def test_product_in_double_precision(m: int, n: int, k: int) -> None:
    check_product(product(m, n, k, "column", "column", "f64"))


@pytest.mark.parametrize("a, b", [("gaps", "gaps"), ("spread", "row"), ("row", "spread")])
def test_product_of_slices(a: str, b: str) -> None:
    check_product(product(14, 35, 21, a, b))


def test_product_of_a_repeated_row() -> None:
    p = Product(4, 18, 6, Operand(0, 1), Operand(18, 1))
    check_product(p)


WAYS = {
    "plain": Tiling("broadcast", 5, 32, 16),
    "narrow vectors": Tiling("broadcast", 3, 8, 4),
    "packed": Tiling("broadcast", 4, 32, 16, packed=True),
    "copied": Tiling("broadcast", 6, 32, 16, copied=True),
    "packed and copied": Tiling("broadcast", 3, 48, 16, packed=True, copied=True),
    "turned": Tiling("broadcast", 7, 16, 8, packed=True, turned=True),
    "turned, packed and copied": Tiling("broadcast", 5, 32, 8, True, True, True),
    "dot": Tiling("dot", 3, 6, 8),
}


def target_with(vector_bytes: int) -> Target:
    return replace(host(), vector_bytes=vector_bytes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype, k", [("f32", 83), ("f64", 5)])
def test_ways_agree(way: str, dtype: str, k: int) -> None:
    # The last tile, panel and vector are all incomplete.
    b = "column" if way in ("dot", "packed", "packed and copied") else "row"
    check_product(product(71, 61, k, "row", b, dtype), WAYS[way])


@pytest.mark.parametrize("a", ["column", "spread"])
def test_copied_rows(a: str) -> None:
    # Several blocks, the last one incomplete, and its last tile too.
    check_product(product(151, 40, 33, a), WAYS["copied"])


@pytest.mark.parametrize("way", ["plain", "packed", "turned", "dot"])
def test_arrays_after_a_forbidden_page(way: str) -> None:
    p = product(14, 21, 18, "row", "column" if way == "dot" else "row")
    check(runner(p, Store(21), WAYS[way]), p, Operand(21, 1), at_end=False)


@pytest.mark.parametrize("vector_bytes", [16, 32])
@pytest.mark.parametrize(
    "m, n, k, b", [(23, 37, 19, "row"), (9, 7, 70, "column"), (40, 30, 21, "column")]
)
def test_narrower_vectors(vector_bytes: int, m: int, n: int, k: int, b: str) -> None:
    check_product(product(m, n, k, "row", b), target=target_with(vector_bytes))


@pytest.mark.parametrize("m, n, k", [(0, 4, 3), (4, 0, 3)])
def test_nothing_to_compute(m: int, n: int, k: int) -> None:
    check_product(product(m, n, k))


@pytest.mark.parametrize("m, n", [(3, 20), (5, 1), (1, 1)])
def test_no_terms_give_zeros(m: int, n: int) -> None:
    check_product(product(m, n, 0))


@pytest.mark.parametrize("result", [Operand(1, 37), Operand(45, 1), Operand(80, 2)])
def test_layout_of_the_result(result: Operand) -> None:
    p = product(13, 37, 24)
    check(runner(p, Store(result.row_stride, result.column_stride)), p, result)


def test_more_parts_than_tiles() -> None:
    p = product(5, 7, 9)
    check(runner(p, Store(7)), p, Operand(7, 1), parts=11)


@pytest.mark.parametrize("way", ["plain", "packed", "packed and copied", "turned"])
@pytest.mark.parametrize("m, n", [(47, 13), (11, 101)], ids=["tall", "wide"])
@pytest.mark.parametrize("parts", [2, 5, 40])
def test_parts_of_either_cut_do_the_whole(way: str, m: int, n: int, parts: int) -> None:
    p = product(m, n, 40)
    made, result = runner(p, Store(n), WAYS[way]), Operand(n, 1)
    check(made, p, result, parts=parts)


@pytest.mark.parametrize("way", ["plain", "packed and copied", "turned"])
def test_parts_share_out_rows_or_columns_by_the_larger_operand(
    way: str,
) -> None:
    near = pytest.approx(96, abs=48)  # a tile's height or width
    assert _first_part(way, 192, 128).all(axis=1).sum() == near
    assert _first_part(way, 12, 192).all(axis=0).sum() == near


def _first_part(way: str, m: int, n: int) -> Array:
    """Which elements of the result the first of two parts writes."""
    p = product(m, n, 40)
    a, b = Matrix(m, p.k, p.a, np.float32), Matrix(p.k, n, p.b, np.float32)
    c = Matrix(m, n, Operand(n, 1), np.float32, values=np.nan)
    runner(p, Store(n), WAYS[way])([a.address, b.address, c.address], 2, only=[0])
    return ~np.isnan(c.view)


@pytest.mark.parametrize("way", ["plain", "packed and copied", "turned", "dot"])
def test_nan_and_infinity_reach_their_rows_and_columns_only(way: str) -> None:
    p = product(11, 21, 19, "row", "column" if way == "dot" else "row")
    a = Matrix(p.m, p.k, p.a, np.float32, values=1)
    b = Matrix(p.k, p.n, p.b, np.float32, values=2)
    c = Matrix(p.m, p.n, Operand(p.n, 1), np.float32)
    a.view[3, 18], b.view[0, 20], b.view[7, 0] = np.nan, np.inf, -np.inf
    runner(p, Store(21), WAYS[way])([a.address, b.address, c.address])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(c.view, a.view @ b.view)


def test_kernel_needs_no_library() -> None:
    kernel = gemm_kernel(product(8, 16, 4), Store(16), host(), "alone")
    assert undefined_symbols(optimize(kernel.module(host()), host())) == set()


def test_source_names_every_tile() -> None:
    tiling = Tiling("broadcast", 5, 32, 16)
    kernel = gemm_kernel(product(12, 40, 4), Store(40), host(), "readable", tiling)
    for tile in ("tile_4x32", "tile_4x8"):
        assert f"{tile}(a, row * 4, b, panel * 32, row, panel * 32, x0)" in kernel.source


def test_scratch_is_for_every_part() -> None:
    kernel = gemm_kernel(product(12, 40, 4), Store(40), host(), "packing", WAYS["packed"])
    assert kernel.scratch_bytes(3) == 3 * kernel.scratch_bytes(1) == 3 * 4 * 4 * 32


def test_other_element_types_are_refused() -> None:
    with pytest.raises(ProductError, match="made for f32 and f64, not for i32; cast the operands"):
        product(2, 2, 2, dtype="i32")


def test_negative_sizes_are_refused() -> None:
    with pytest.raises(ProductError, match="cannot be negative: m=2, n=-1, k=3"):
        product(2, -1, 3)


@pytest.mark.parametrize(
    "tiling, message",
    [
        (Tiling("dot", 2, 2, 4), r"needs the rows of a and the columns of b without gaps, not Op"),
        (Tiling("dot", 2, 6, 4), r"but 6 do not fit into 4"),
        (Tiling("dot", 2, 2, 4, packed=True), r"reads its operands as they are, but this one: Til"),
        (Tiling("broadcast", 2, 4, 4), r"rows of Operand\(row_stride=1, .* use .* packed=True"),
    ],
)
def test_ways_that_do_not_fit_the_layout_are_refused(tiling: Tiling, message: str) -> None:
    p = product(4, 8, 6, "column", "column")
    with pytest.raises(ProductError, match=message):
        gemm_kernel(p, Store(8), host(), "refused", tiling)
