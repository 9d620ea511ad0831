"""How products are cut: what the cost model prefers, and that every choice fits the machine."""

from __future__ import annotations

import pytest

from gemm_kernels import column_major, row_major
from tapeout.backends.cpu.gemm import Operand, Product, Tiling, choose_tiling
from tapeout.backends.cpu.gemm.cost import cost
from tapeout.backends.cpu.gemm.tiling import Cut, evenly, with_rest
from tapeout.backends.cpu.target import Target

AVX512 = Target("x86_64-unknown-linux-gnu", "skylake-avx512", "+avx512f", 64)
AVX2 = Target("x86_64-unknown-linux-gnu", "haswell", "+avx2,+fma", 32)
NEON = Target("aarch64-unknown-linux-gnu", "generic", "+neon", 16)
TARGETS = {"avx512": AVX512, "avx2": AVX2, "neon": NEON}


def product(m: int, n: int, k: int, a: str = "row", b: str = "row", dtype: str = "f32") -> Product:
    left = row_major(m, k) if a == "row" else column_major(m, k)
    right = row_major(k, n) if b == "row" else column_major(k, n)
    return Product(m, n, k, left, right, dtype)


@pytest.mark.parametrize(
    "cut, pieces",
    [
        (evenly(64, 12), [(11, 4), (10, 2)]),
        (evenly(64, 8), [(8, 8)]),
        (evenly(5, 12), [(5, 1)]),
        (evenly(0, 4), []),
        (with_rest(100, 32), [(32, 3), (4, 1)]),
        (with_rest(64, 32), [(32, 2)]),
        (with_rest(9, 32), [(9, 1)]),
        (with_rest(0, 32), []),
    ],
)
def test_pieces(cut: Cut, pieces: list[tuple[int, int]]) -> None:
    assert cut.pieces() == pieces


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("m, n, k", [(1, 1, 1), (97, 61, 131), (512, 512, 512), (64, 10, 128)])
def test_sums_fit_in_the_registers(name: str, dtype: str, m: int, n: int, k: int) -> None:
    target = TARGETS[name]
    tiling = choose_tiling(product(m, n, k, dtype=dtype), target)
    vectors = tiling.width if tiling.method == "dot" else -(-tiling.width // tiling.lanes)
    assert tiling.height * vectors + vectors + 1 <= target.registers
    assert tiling.lanes <= target.lanes(4 if dtype == "f32" else 8)


@pytest.mark.parametrize("name", TARGETS)
def test_large_products_hide_the_latency_and_load_little(name: str) -> None:
    tiling = choose_tiling(product(512, 512, 512), TARGETS[name])
    vectors = tiling.width // tiling.lanes
    assert tiling.height * vectors >= 8
    assert (tiling.height + vectors) / (tiling.height * vectors) <= 0.75


def test_wide_matrices_are_packed_and_narrow_ones_are_not() -> None:
    assert choose_tiling(product(1024, 1024, 1024), AVX512).packed
    assert not choose_tiling(product(64, 128, 784), AVX512).packed
    assert not choose_tiling(product(784, 128, 64, a="column"), AVX512).packed


def test_far_columns_are_copied_if_they_are_read_often() -> None:
    assert choose_tiling(product(2048, 2048, 2048, a="column"), AVX512).copied
    assert not choose_tiling(product(2048, 16, 2048, a="column"), AVX512).copied
    assert not choose_tiling(product(2048, 2048, 2048), AVX512).copied


def test_small_left_operand_is_packed_instead_of_large_right_one() -> None:
    tiling = choose_tiling(product(64, 784, 128, b="column"), AVX512)
    assert (tiling.packed, tiling.turned) == (True, True)


def test_few_rows_and_a_long_sum_use_vectors_along_it() -> None:
    assert choose_tiling(product(3, 128, 784, b="column"), AVX512).method == "dot"
    assert choose_tiling(product(3, 128, 2, b="column"), AVX512).method == "broadcast"


@pytest.mark.parametrize("n, lanes", [(2, 2), (3, 4), (7, 8), (16, 16), (40, 16)])
def test_vectors_are_no_wider_than_needed(n: int, lanes: int) -> None:
    assert choose_tiling(product(64, n, 4), AVX512).lanes == lanes


def test_stride_along_one_column_does_not_matter() -> None:
    plain = Product(64, 1, 32, Operand(32, 1), Operand(1, 1))
    strange = Product(64, 1, 32, Operand(32, 1), Operand(1, 9))
    assert choose_tiling(plain, AVX512) == choose_tiling(strange, AVX512)


def test_cost_grows_with_every_size() -> None:
    tiling = Tiling("broadcast", 4, 32, 16)
    base = cost(product(64, 64, 64), tiling, AVX512)
    for larger in [(128, 64, 64), (64, 128, 64), (64, 64, 128)]:
        assert 1.5 * base < cost(product(*larger), tiling, AVX512) < 2.5 * base
