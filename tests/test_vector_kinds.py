"""Loads, stores and splats: every element type, tails that touch nothing beyond, no alignment needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from llvmlite import ir as ll

from tapeout.backends.cpu.vector import Vector, splat
from tapeout.backends.cpu.vector.kinds import constant
from tapeout.ir import dtypes
from tapeout.ir.dtypes import DType
from vector_kernels import compiled, kernel_module

COPY: Any = lambda builder, operands: operands[0]  # noqa: E731


def numbers(dtype: DType, size: int) -> np.ndarray[Any, Any]:
    values = np.random.default_rng(5).integers(0, 2 if dtype.kind == "bool" else 100, size)
    return values.astype(dtype.numpy)


@pytest.mark.parametrize("lanes", [1, 8, 16])
@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_a_copy_copies_and_stops_at_the_end(dtype: DType, lanes: int) -> None:
    copy = compiled(kernel_module(COPY, [dtype], dtype, lanes))
    x = numbers(dtype, 50)
    for size in (0, 1, lanes - 1, lanes, lanes + 1, 2 * lanes + 5):
        buffer = np.full(50 * dtype.itemsize, 0x5A, np.uint8)
        out = buffer.view(dtype.numpy)[:size]
        copy(x, out)
        np.testing.assert_array_equal(out.view(np.uint8), x[:size].view(np.uint8))
        assert (buffer[size * dtype.itemsize :] == 0x5A).all()


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_elements_need_only_their_own_alignment(dtype: DType) -> None:
    copy = compiled(kernel_module(COPY, [dtype], dtype, 16))
    x, out = numbers(dtype, 60), np.zeros(60, dtype.numpy)
    copy(x[1:42], out[3:44])
    np.testing.assert_array_equal(out[3:44], x[1:42])


def test_any_byte_but_0_loads_as_true_and_is_stored_as_1() -> None:
    copy = compiled(kernel_module(COPY, [dtypes.bool_], dtypes.bool_, 16))
    x, out = np.array([0, 1, 2, 128, 255] * 5, np.uint8), np.empty(25, np.uint8)
    copy(x, out)
    np.testing.assert_array_equal(out, x != 0)


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.bfloat16], ids=str)
def test_every_small_float_survives_a_load_and_a_store(dtype: DType) -> None:
    copy = compiled(kernel_module(COPY, [dtype], dtype, 16))
    bits = np.arange(2**16, dtype=np.uint16)
    out = np.empty_like(bits)
    copy(bits, out)
    known = ~np.isnan(bits.view(dtype.numpy).astype(np.float32))
    np.testing.assert_array_equal(out[known], bits[known])
    assert np.isnan(out[~known].view(dtype.numpy).astype(np.float32)).all()


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_a_constant_is_in_every_lane_as_its_type_holds_it(dtype: DType) -> None:
    fill = compiled(
        kernel_module(lambda builder, x: constant(dtype, 3.1, x[0].lanes), [dtype], dtype, 8)
    )
    out = np.zeros(21, dtype.numpy)
    fill(numbers(dtype, 21), out)
    np.testing.assert_array_equal(out, np.full(21, 3.1).astype(dtype.numpy))


def test_only_scalars_are_splat() -> None:
    builder = ll.IRBuilder(
        ll.Function(ll.Module(), ll.FunctionType(ll.VoidType(), []), "f").append_basic_block()
    )
    eight = constant(dtypes.float32, 2.0, 8)
    assert splat(builder, eight, 8) is eight
    spread = splat(builder, Vector(ll.FloatType()(2.0), dtypes.float32, 1), 4)
    assert (spread.lanes, str(spread.value.type)) == (4, "<4 x float>")
    with pytest.raises(ValueError, match="a vector of 8 lanes cannot become one of 16"):
        splat(builder, eight, 16)
