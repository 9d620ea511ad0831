"""The natural logarithm of x, and of 1 + x.

x = 2ᵉ·m with m in [√½, √2) and f = m - 1; log x = e·ln 2 + log(1 + f). In single precision the last is a minimax
polynomial in f; in double precision a series in s = f / (2 + f), where it is odd and short.
"""

from __future__ import annotations

import math

from ..real import SINGLE, Bits, Real, select
from .tables import EXPONENTIAL, LOG_SERIES, LOG_TERMS, SQRT_HALF_BITS


def log(x: Real) -> Real:
    """At most 1 ulp off, for f32 and f64, denormal operands included."""
    exponent, mantissa = split(x)
    return _special(x, x, _sum(exponent, mantissa - 1.0))


def log1p(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64. What 1 + x loses in rounding is put back into f."""
    total = x + 1.0
    lost = x - (total - 1.0)
    shift, mantissa = _split_normal(total)
    unscale = _reciprocal_power(shift)
    f = lost.fma(unscale, mantissa - 1.0)
    y = _special(x, total, _sum((shift >> x.format.digits).number(), f))
    return select(abs(x) < x.format.smallest_normal, x, y)


def _reciprocal_power(shift: Bits) -> Real:
    """2⁻ᵉ; for the largest e, where it would be denormal, twice that."""
    digits, bias = shift.format.digits, shift.format.bias
    most = (bias - 1) << digits
    bounded = shift.select(shift < most, most)
    return (shift.of(bias << digits) - bounded).real()


def split(x: Real) -> tuple[Real, Real]:
    """e and m, with x = 2ᵉ·m and m in [√½, √2), for any x that is positive and finite."""
    digits = x.format.digits
    denormal = x < x.format.smallest_normal
    shift, mantissa = _split_normal(select(denormal, x * 2.0**digits, x))
    exponent = (shift >> digits).number()
    return exponent - select(denormal, x.of(float(digits)), 0.0), mantissa


def _split_normal(x: Real) -> tuple[Bits, Real]:
    """e, in the place of an exponent's bits, and m."""
    bits = x.bits()
    shift = (bits - SQRT_HALF_BITS[x.format]) & (-1 << x.format.digits)
    return shift, (bits - shift).real()


def _sum(exponent: Real, f: Real) -> Real:
    """e·ln 2 + log(1 + f)."""
    table = EXPONENTIAL[f.format]
    small = exponent * table.ln2_low
    square = f * f
    if f.format is SINGLE:
        rest = square.fma(f.polynomial(LOG_TERMS).fma(f, -0.5), small)
        return exponent.fma(table.ln2_high, rest + f)
    half = square * 0.5
    s = f / (f + 2.0)
    series = (s * s) * (s * s).polynomial(LOG_SERIES)
    rest = half - s.fma(half + series, small)
    return exponent.fma(table.ln2_high, f - rest)


def _special(x: Real, operand: Real, y: Real) -> Real:
    """What the logarithm is where `operand` is not positive and finite: -inf at 0, NaN below, itself beyond."""
    y = select(operand > 0.0, y, math.nan)
    y = select(operand.equals(0.0), -math.inf, y)
    return select(x.equals(math.inf), x, y)
