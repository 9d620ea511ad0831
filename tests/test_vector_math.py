"""The vector functions' accuracy, in units in the last place, against wider references over the whole range."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba.core.cpu import FastMathOptions
from numba.core.fastmathpass import rewrite_module

from tapeout.backends.cpu.vector import emit_op
from tapeout.ir.dtypes import float32, float64
from tapeout.ir.op import OPS
from tapeout.ir.ops.erf import erf
from vector_kernels import assembly, kernel_ir, op_module, run_op

Array = np.ndarray[Any, Any]
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 3.0)
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, np.ones_like(small), small) / (1 + small))


def exact_erf(x: Array) -> Array:
    if x.dtype == np.float64:
        return erf(x)
    return np.array([math.erf(v) for v in x.astype(np.float64)])


# (reference, largest error for f32, for f64): the bounds that the functions' docstrings state.
FUNCTIONS: dict[str, tuple[Callable[[Array], Array], float, float]] = {
    "exp": (np.exp, 1.0, 1.0),
    "expm1": (np.expm1, 2.0, 2.0),
    "log": (np.log, 1.0, 1.0),
    "log1p": (np.log1p, 2.0, 2.0),
    "tanh": (np.tanh, 2.0, 2.0),
    "sigmoid": (sigmoid, 2.0, 2.0),
    "erf": (exact_erf, 2.0, 2.0),
    "sin": (np.sin, 2.0, 2.0),
    "cos": (np.cos, 2.0, 2.0),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5, 1.5),
}


def every_exponent(dtype: np.dtype[Any], each: int, rng: np.random.Generator) -> Array:
    """Random mantissas for both signs of every finite exponent, the denormals' included."""
    bits, digits = dtype.itemsize * 8, np.finfo(dtype).nmant
    exponents = np.arange(2 ** (bits - digits - 1) - 1, dtype=np.uint64)
    found = []
    for sign in (0, 1):
        mantissas = rng.integers(0, 2**digits, (each, exponents.size), dtype=np.uint64)
        found.append(mantissas | exponents << np.uint64(digits) | np.uint64(sign << (bits - 1)))
    return np.concatenate(found).astype(f"u{dtype.itemsize}").view(dtype).ravel()


def points(dtype: np.dtype[Any], each: int, extra: int) -> Array:
    """Every exponent, then the ranges where functions bend, then what is special."""
    rng = np.random.default_rng(4)
    info = np.finfo(dtype)
    near = rng.uniform(-1.5, 1.5, extra), rng.uniform(-20, 20, extra)
    far = rng.uniform(-750, 750, extra), rng.uniform(-1e5, 1e5, extra)
    limits = SPECIAL + (info.smallest_subnormal, -info.smallest_subnormal, info.tiny, info.max)
    return np.concatenate([every_exponent(dtype, each, rng), *near, *far, limits]).astype(dtype)


def ulps(found: Array, exact: Array) -> Array:
    """Distances in units in the last place; infinite where one is NaN, or infinite, and the other should be too."""
    info = np.finfo(found.dtype)
    exponent = np.maximum(np.frexp(np.abs(exact))[1] - 1, info.minexp)
    unit = np.ldexp(np.ones_like(exact), exponent - info.nmant)
    rounded = exact.astype(found.dtype)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    both = np.isfinite(found) & np.isfinite(rounded)
    distance = np.abs(found.astype(exact.dtype) - exact) / unit
    return np.asarray(np.where(both, distance, np.where(same, 0.0, np.inf)))


def assert_accurate(found: Array, exact: Array, bound: float, *operands: Array) -> None:
    error = ulps(found, exact)
    worst = int(np.argmax(error))
    at = ", ".join(repr(o[worst]) for o in operands)
    assert error[worst] <= bound, (
        f"{error[worst]} ulp at {at}: {found[worst]!r}, not {exact[worst]!r}"
    )
    zero = (exact == 0) & np.isfinite(operands[0])
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(exact[zero]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_single_precision_is_accurate_over_the_whole_range(name: str) -> None:
    reference, bound, _ = FUNCTIONS[name]
    x = points(SINGLE, 4000, 50_000)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
        assert_accurate(run_op(OPS[name](), 16, x), exact, bound, x)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="needs a longer double as reference")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_double_precision_is_accurate_over_the_whole_range(name: str) -> None:
    reference, _, bound = FUNCTIONS[name]
    x = points(DOUBLE, 20, 20_000)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.longdouble)).astype(np.longdouble)
        assert_accurate(run_op(OPS[name](), 8, x), exact, bound, x)


def power_operands(dtype: np.dtype[Any], count: int) -> tuple[Array, Array]:
    """All pairs of special numbers, moderate powers, bases near 1, negative bases, and everything."""
    rng = np.random.default_rng(6)
    special = np.array([*SPECIAL, 2.0, -2.0, 1.5, -3.0, 2.0**24, 2.0**53 + 2, 1e-45, -1e38], dtype)
    a, b = (g.ravel() for g in np.meshgrid(special, special))
    everything = rng.permutation(every_exponent(dtype, 300, rng))[:count]
    bases = (
        a,
        np.exp(rng.uniform(-5, 5, count)),
        rng.uniform(0.9, 1.1, count),
        rng.normal(0, 3, count),
    )
    powers = (
        b,
        rng.uniform(-20, 20, count),
        rng.uniform(-900, 900, count),
        rng.integers(-30, 30, count),
    )
    x = np.concatenate([*bases, everything]).astype(dtype)
    return x, np.concatenate([*powers, rng.normal(size=everything.size)]).astype(dtype)


@pytest.mark.parametrize(
    "dtype, wide, bound", [(SINGLE, np.float64, 1.0), (DOUBLE, np.longdouble, 2.0)]
)
def test_powers_are_accurate(dtype: np.dtype[Any], wide: Any, bound: float) -> None:
    if np.finfo(wide).nmant < 2 * np.finfo(dtype).nmant - 42:
        pytest.skip("needs a longer double as reference")
    x, y = power_operands(dtype, 100_000)
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(wide), y.astype(wide))
        assert_accurate(run_op(OPS["pow"](), 16, x, y), exact, bound, x, y)


@pytest.mark.parametrize("lanes", [1, 4, 8])
@pytest.mark.parametrize("name", [*FUNCTIONS, "pow"])
def test_results_do_not_depend_on_the_number_of_lanes(name: str, lanes: int) -> None:
    rng = np.random.default_rng(8)
    operands = [points(SINGLE, 1, 300)]
    operands += [rng.permutation(operands[0])] if name == "pow" else []
    expected = run_op(OPS[name](), 16, *operands)
    found = run_op(OPS[name](), lanes, *operands)
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("dtype", [float32, float64], ids=["f32", "f64"])
@pytest.mark.parametrize("name", [*FUNCTIONS, "pow"])
def test_nothing_is_called(name: str, dtype: Any) -> None:
    arity = 2 if name == "pow" else 1
    lines = assembly(op_module(OPS[name](), [dtype] * arity, 16)).splitlines()
    assert not [line for line in lines if line.split()[:1] in (["call"], ["callq"])]
    assert len(lines) > 20


@pytest.mark.parametrize("name", [*FUNCTIONS, "pow"])
def test_numba_allows_no_contraction_inside_functions(name: str) -> None:
    """Its pass marks every sum and product that has no flag yet; a contracted product would lose its known error."""
    operation = OPS[name]()
    arity = 2 if name == "pow" else 1
    module = kernel_ir(lambda b, x: emit_op(b, operation, x), [float64] * arity, float64, 8)
    rewrite_module(module, FastMathOptions({"contract"}))
    text = str(module)
    assert "fcmp contract" in text or name == "rsqrt"
    assert not re.search(r"f(add|sub|mul) contract", text)


def test_angles_next_to_multiples_of_pi_keep_their_digits() -> None:
    """Among them the double that is nearest to one for its size: 60 bits of it cancel."""
    x = np.array([6381956970095103 * 2.0**797, math.pi, 2 * math.pi, 1e22, 2.0**1023])
    cos = [-4.687165924254628e-19, -1.0, 1.0, 0.523214785395139, -0.826369834614148]
    np.testing.assert_allclose(run_op(OPS["cos"](), 8, x), cos, rtol=4e-16)
    assert run_op(OPS["sin"](), 8, x)[1] == 1.2246467991473532e-16
