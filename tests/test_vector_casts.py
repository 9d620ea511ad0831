"""Casts between all element types as vector code, against NumPy's `astype`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tapeout.ir import dtypes
from tapeout.ir.dtypes import DType
from tapeout.ir.op import OPS
from vector_kernels import ODD_SIZE, SPECIAL, assert_same, reference, run_op

Array = np.ndarray[Any, Any]


@pytest.mark.parametrize(
    "source, target", list(itertools.permutations(dtypes.ALL, 2)), ids=lambda dtype: dtype.name
)
def test_casts_agree_with_astype(source: DType, target: DType) -> None:
    op = OPS["cast"](dtype=target)
    x = castable(source, target)
    assert_same(run_op(op, 16, x), reference(op, x))


def castable(source: DType, target: DType) -> Array:
    """Numbers of the source type that the target can hold; integers may wrap."""
    rng = np.random.default_rng(9)
    if source.kind == "bool":
        return rng.integers(0, 2, ODD_SIZE).astype(np.bool_)
    if source.is_integer:
        info = np.iinfo(source.numpy)
        return np.append(
            rng.integers(info.min, info.max, 500, source.numpy), [info.min, info.max, 0]
        )
    if target.is_floating_point or target.kind == "bool":
        return widely_spread(source, rng)
    limit = min(float(np.iinfo(target.numpy).max), 6e4) - 1
    low = -limit if target.is_signed else 0.0
    return rng.uniform(low, limit, 500).astype(source.numpy)


def widely_spread(source: DType, rng: np.random.Generator) -> Array:
    """All magnitudes, halves that tie when rounded to fewer digits, neighbours of such ties, and special values."""
    odd = rng.integers(0, 2**6, 500) * 2.0 + 1
    ties = np.concatenate([1 + odd * 2.0**-11, 1 + odd * 2.0**-8])  # of f16 and of bf16
    spread = np.ldexp(rng.uniform(1, 2, 500), rng.integers(-40, 20, 500)) * rng.choice([-1, 1], 500)
    numbers = np.concatenate(
        [ties, ties * (1 + 2.0**-40), ties * (1 - 2.0**-40), spread, SPECIAL, [65519.99, 65520.0]]
    )
    with np.errstate(over="ignore"):
        return numbers.astype(source.numpy)


@pytest.mark.parametrize("target", dtypes.INTS, ids=str)
@pytest.mark.parametrize("source", [np.float32, np.float64])
def test_casting_what_no_integer_holds_does_not_trap(source: Any, target: DType) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0, 3.7, 1.2], source)
    found = run_op(OPS["cast"](dtype=target), 8, x)
    assert found[0] == 0
    assert list(found[5:]) == [0, 3, 1]
    if target.bits >= 32:
        info = np.iinfo(target.numpy)
        assert list(found[1:5]) == [info.max, info.min, info.max, info.min]
