"""Arithmetic whose every rounding is fixed, so that a seed gives the same numbers on every machine.

NumPy has no fused multiply-add, and its vectorised logarithm differs from machine to machine in the
last bit. Random samples must not, so the few functions they need are spelled out here:

* `fma(a, b, c)`: a·b + c with one rounding, for float32 and float64;
* `log_f32`, `sincos_f32`: the single-precision minimax polynomials of Moshier's Cephes library in
  Horner form, each step one fused multiply-add (the evaluation vectorised samplers use);
* `log_f64`, `log1p_f64`, `sincos_f64`: the C library's scalar functions, element by element.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
Floats: TypeAlias = npt.NDArray[Any]

# A float64 lies halfway between two float32 neighbours when the 29 bits it has in excess are 1000….
_EXCESS_BITS = np.int64(0x1FFF_FFFF)
_HALFWAY = np.int64(0x1000_0000)
_VELTKAMP = 2.0**27 + 1.0

SQRT_HALF = np.float32(math.sqrt(0.5))
# ln 2 as a short float32, whose product with an exponent is exact, plus the remainder.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
LOG_TERMS = np.array(
    [
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ],
    dtype=np.float32,
)
SIN_TERMS = np.array([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1], dtype=np.float32)
COS_TERMS = np.array(
    [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2], dtype=np.float32
)
FOUR_OVER_PI = np.float32(4 / math.pi)
# π/4 in three float32 parts, the first two short enough for exact products with a small integer.
QUARTER_PI = np.array(
    [0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8], dtype=np.float32
)


def fma(a: Floats, b: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
    """a·b + c rounded once, in the float32 or float64 of `a`; `b` and `c` are cast to it first."""
    if a.dtype == np.float32:
        return _fma_f32(a, np.asarray(b, np.float32), np.asarray(c, np.float32))
    if a.dtype == np.float64:
        return _fma_f64(a, np.asarray(b, np.float64), np.asarray(c, np.float64))
    raise TypeError(f"fma works in float32 or float64, got {a.dtype}: cast the first operand")


def log_f32(x: F32) -> F32:
    """ln x of positive normal float32: x = 2ᵉ·m with m in [√½, √2), then a polynomial in m − 1."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < SQRT_HALF
    e = (exponent - low).astype(np.float32)
    r = np.where(low, (mantissa - np.float32(1)) + mantissa, mantissa - np.float32(1))
    square = r * r
    cubic = fma(_horner(LOG_TERMS, r) * r, square, e * LN2_LOW)
    log: F32 = (r + (cubic - square * np.float32(0.5))) + e * LN2_HIGH
    return log


def sincos_f32(angle: F32) -> tuple[F32, F32]:
    """(sin, cos) of float32 angles in [0, 2π]: fold to |r| ≤ π/4 around a multiple of π/2."""
    octant = ((angle * FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    o = octant.astype(np.float32)
    r = fma(-o, QUARTER_PI[2], (angle - o * QUARTER_PI[0]) - o * QUARTER_PI[1])
    square = r * r
    sine = fma(_horner(SIN_TERMS, square) * square, r, r)
    quartic = fma(_horner(COS_TERMS, square) * square, square, square * np.float32(-0.5))
    cosine = quartic + np.float32(1)
    swap = (octant & 2) != 0
    sin, cos = np.where(swap, cosine, sine), np.where(swap, sine, cosine)
    return np.where(octant & 4, -sin, sin), np.where((octant + 2) & 4, -cos, cos)


def log_f64(x: F64) -> F64:
    """ln x in float64, as the C library rounds it."""
    return _each(math.log, x)


def log1p_f64(x: F64) -> F64:
    """ln(1 + x) in float64, as the C library rounds it."""
    return _each(math.log1p, x)


def sincos_f64(angle: F64) -> tuple[F64, F64]:
    """(sin, cos) in float64, as the C library rounds them."""
    return _each(math.sin, angle), _each(math.cos, angle)


def _each(function: Any, x: F64) -> F64:
    values = np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape)


def _horner(terms: F32, x: F32) -> F32:
    total: F32 = np.full_like(x, terms[0])
    for term in terms[1:]:
        total = fma(total, x, term)
    return total


def _fma_f32(a: F32, b: F32, c: F32) -> F32:
    """Float64 holds a float32 product exactly; only sums that land halfway need a second look."""
    product = np.multiply(a, b, dtype=np.float64)
    total = np.asarray(product + c)
    halfway = (total.view(np.int64) & _EXCESS_BITS) == _HALFWAY
    if halfway.any():
        total = np.where(halfway, _sum_to_odd(product, c.astype(np.float64)), total)
    return total.astype(np.float32)


def _fma_f64(a: F64, b: F64, c: F64) -> F64:
    """Boldo and Melquiond: add the two small parts rounding to odd, then round once for good."""
    product, product_error = _two_product(a, b)
    high, low = _two_sum(c, product_error)
    total, error = _two_sum(product, high)
    return np.asarray(total + _sum_to_odd(low, error))


def _two_sum(a: F64, b: F64) -> tuple[F64, F64]:
    """(s, e) with s = fl(a + b) and s + e = a + b exactly (Knuth)."""
    total = np.asarray(a + b)
    b_part = total - a
    return total, np.asarray((a - (total - b_part)) + (b - b_part))


def _two_product(a: F64, b: F64) -> tuple[F64, F64]:
    """(p, e) with p = fl(a·b) and p + e = a·b exactly (Dekker)."""
    product = np.asarray(a * b)
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, np.asarray(error)


def _halves(x: F64) -> tuple[F64, F64]:
    spread = x * _VELTKAMP
    high = spread - (spread - x)
    return high, x - high


def _sum_to_odd(a: F64, b: F64) -> F64:
    """a + b rounded to the neighbour whose last bit is 1 unless exact: safe to round again."""
    total, error = _two_sum(a, b)
    inexact_even = (error != 0) & ((total.view(np.int64) & 1) == 0)
    return np.where(inexact_even, np.nextafter(total, np.copysign(np.inf, error)), total)
