"""Vector code of every elementwise op against the op's reference: samples, special values, every element type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tapeout.ir import dtypes
from tapeout.ir.dtypes import DType
from tapeout.ir.op import OPS
from tapeout.ir.samples import Sample
from vector_kernels import ODD_SIZE, SPECIAL, assert_same, reference, run_op

Array = np.ndarray[Any, Any]
LANES = (1, 8, 16)

# Results that are exact, so that they must equal the reference bit by bit (but for NaN's bits).
EXACT_UNARY = ("neg", "abs", "sign", "floor", "ceil", "round", "sqrt", "relu")
EXACT_BINARY = (
    "add", "sub", "mul", "div", "floor_div", "remainder", "maximum", "minimum", "clamp_min", "clamp_max",
    "eq", "ne", "lt", "le", "gt", "ge",
)  # fmt: skip
INTEGER_BINARY = (
    "add", "sub", "mul", "floor_div", "remainder", "maximum", "minimum", "eq", "lt", "ge",
    "logical_and", "logical_or", "logical_xor",
)  # fmt: skip
INTEGER_UNARY = ("neg", "abs", "sign", "floor", "ceil", "round", "relu", "logical_not")


def distinct_samples() -> Iterator[Any]:
    """One sample for each op and element types."""
    seen = set()
    for cls in OPS.values():
        for sample in cls.samples() if cls.elementwise else ():
            key = (
                sample.op.name,
                tuple(sample.op.attrs().values()),
                tuple(t.dtype for t in sample.types),
            )
            if key not in seen and all(t.size for t in sample.types):
                seen.add(key)
                yield pytest.param(sample, id=str(sample))


def all_pairs(values: Array) -> tuple[Array, Array]:
    a, b = np.meshgrid(values, values)
    return a.ravel(), b.ravel()


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("sample", list(distinct_samples()))
def test_an_op_agrees_with_its_reference(sample: Sample, lanes: int) -> None:
    arrays = [np.resize(a, ODD_SIZE) for a in np.broadcast_arrays(*sample.arrays())]
    found = run_op(sample.op, lanes, *arrays)
    np.testing.assert_allclose(
        found.astype(np.float64), reference(sample.op, *arrays).astype(np.float64), rtol=1e-15 * 4
    )
    assert found.dtype == reference(sample.op, *arrays).dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EXACT_UNARY)
def test_special_values_of_one_operand(name: str, dtype: Any) -> None:
    with np.errstate(over="ignore"):
        x = np.array(SPECIAL).astype(dtype)
    assert_same(run_op(OPS[name](), 8, x), reference(OPS[name](), x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EXACT_BINARY)
def test_special_values_of_two_operands(name: str, dtype: Any) -> None:
    with np.errstate(over="ignore"):
        x, y = all_pairs(np.array(SPECIAL).astype(dtype))
    assert_same(run_op(OPS[name](), 16, x, y), reference(OPS[name](), x, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["floor_div", "remainder"])
def test_remainders_are_exact_however_large_the_quotient(name: str, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    size = 20_000
    info = np.finfo(dtype)
    exponents = rng.integers(info.minexp - info.nmant, info.maxexp, (2, size))
    close = exponents[0] + rng.integers(-3, 4, size)
    exponents[1] = np.where(
        rng.random(size) < 0.5, np.clip(close, None, info.maxexp - 1), exponents[1]
    )
    x, y = np.ldexp(rng.uniform(-1, 1, (2, size)), exponents).astype(dtype)
    assert_same(run_op(OPS[name](), 16, x, y), reference(OPS[name](), x, y))


@pytest.mark.parametrize("dtype", dtypes.INTS, ids=str)
@pytest.mark.parametrize("name", INTEGER_BINARY)
def test_integers_wrap_and_divide_like_numpy(name: str, dtype: DType) -> None:
    info = np.iinfo(dtype.numpy)
    some = np.random.default_rng(2).integers(info.min, info.max, 20, dtype.numpy)
    edges = [v for v in (info.min, info.max, -7, -1, 0, 1, 2, 7) if info.min <= v <= info.max]
    x, y = all_pairs(np.concatenate([some, np.array(edges, dtype.numpy)]))
    if name in ("floor_div", "remainder"):
        x, y = x[y != 0], y[y != 0]
    assert_same(run_op(OPS[name](), 16, x, y), reference(OPS[name](), x, y))


@pytest.mark.parametrize("dtype", dtypes.INTS, ids=str)
@pytest.mark.parametrize("name", INTEGER_UNARY)
def test_integers_of_one_operand(name: str, dtype: DType) -> None:
    info = np.iinfo(dtype.numpy)
    x = np.array([info.min, info.min + 1, 0, 1, 5, info.max], dtype.numpy)
    assert_same(run_op(OPS[name](), 8, x), reference(OPS[name](), x))


@pytest.mark.parametrize("dtype", dtypes.INTS, ids=str)
def test_integer_powers_wrap(dtype: DType) -> None:
    x, y = all_pairs(np.arange(0, 70, 3).astype(dtype.numpy))
    x = (x - 4).astype(dtype.numpy)
    assert_same(run_op(OPS["pow"](), 16, x, y), reference(OPS["pow"](), x, y))


@pytest.mark.parametrize("name", ["floor_div", "remainder"])
@pytest.mark.parametrize("dtype", dtypes.INTS, ids=str)
def test_integer_division_by_zero_is_zero_and_does_not_trap(name: str, dtype: DType) -> None:
    x = np.array([0, 1, 9, 100] * 3, dtype.numpy)
    found = run_op(OPS[name](), 8, x, np.zeros_like(x))
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "minimum", "lt"])
def test_small_floats_round_after_each_op(name: str, dtype: DType) -> None:
    rng = np.random.default_rng(1)
    with np.errstate(over="ignore"):
        x, y = rng.normal(0, 300, (2, 3000)).astype(dtype.numpy)
        x[:8], y[:8] = (
            [np.inf, np.nan, 6e4, 1e-7, 6e-8, -1e-7, 1, 3e38],
            [1, 2, 6e4, 0.3, 0.5, 1, np.nan, 3e38],
        )
    assert_same(run_op(OPS[name](), 16, x, y), reference(OPS[name](), x, y))


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "sin", "sqrt", "floor", "relu"])
def test_functions_of_small_floats(name: str, dtype: DType) -> None:
    x = np.random.default_rng(1).normal(0, 3, 3000).astype(dtype.numpy)
    x = np.abs(x) if name == "sqrt" else np.clip(x, -10, 10)
    exact = reference(OPS[name](), x.astype(np.float64))
    found = run_op(OPS[name](), 16, x).astype(np.float64)
    precision = {"f16": 2.0**-11, "bf16": 2.0**-8}[dtype.name]
    np.testing.assert_allclose(found, exact, rtol=precision * 1.001, atol=1e-7)
