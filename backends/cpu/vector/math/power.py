"""x to the power of y, as e^(y·log x) with a logarithm precise enough to survive the multiplication.

Single precision goes through double, where nothing special is needed. Double precision carries log x and its product
with y as double words: log m = 2·atanh s with s = f / (2 + f), whose first two terms are double words.
"""

from __future__ import annotations

import math

from ..real import SINGLE, Mask, Real, clamp, select
from .double_word import DoubleWord, divide, multiply, ordered_sum, product, two_sum
from .exponential import exp_of_sum
from .logarithm import split
from .tables import ATANH_TAIL, EXP2_TERMS, EXPONENTIAL, LN2_THIRD, LOG2_TERMS, THIRD


def pow(x: Real, y: Real) -> Real:
    """At most 1 ulp off for f32 and 2 for f64, with C's answers for zeros, infinities and NaN."""
    size = abs(x)
    positive = _single(size, y) if x.format is SINGLE else _double(size, y)
    return _with_special_cases(x, y, positive)


def _single(x: Real, y: Real) -> Real:
    """2^(y·log₂ x) in double precision, rounded once."""
    exponent, mantissa = split(x.widened())
    f = mantissa - 1.0
    power = y.widened() * f.fma(f.polynomial(LOG2_TERMS), exponent)
    power = clamp(power, -200.0, 200.0)
    total = power + power.format.round_to_integer
    r = power - (total - power.format.round_to_integer)
    scale = ((total.bits() + power.format.bias) << power.format.digits).real()
    return (r.fma(r.polynomial(EXP2_TERMS), 1.0) * scale).narrowed()


def _double(x: Real, y: Real) -> Real:
    log = _logarithm(x)
    high, low = product(y, log.high)
    bound = 1.0 - EXPONENTIAL[x.format].lowest
    inside = abs(high) < bound
    return exp_of_sum(clamp(high, -bound, bound), select(inside, y.fma(log.low, low), 0.0))


def _logarithm(x: Real) -> DoubleWord:
    """log x to some 66 bits."""
    exponent, mantissa = split(x)
    f = mantissa - 1.0
    s = divide(f, ordered_sum(2.0, f))
    log = multiply(DoubleWord(s.high * 2.0, s.low * 2.0), _series(multiply(s, s)))
    table = EXPONENTIAL[x.format]
    total, lost = two_sum(exponent * table.ln2_high, log.high)
    low = product(exponent, table.ln2_low)
    high, rest = two_sum(total, low.high)
    return DoubleWord(*ordered_sum(high, rest + lost + log.low + exponent.fma(LN2_THIRD, low.low)))


def _series(square: DoubleWord) -> DoubleWord:
    """atanh(s) / s = 1 + s²/3 + s⁴/5 + …"""
    tail = square.high * square.high.polynomial(ATANH_TAIL)
    high, low = ordered_sum(THIRD[0], tail)
    inner = multiply(square, DoubleWord(high, low + THIRD[1]))
    total, lost = ordered_sum(1.0, inner.high)
    return DoubleWord(total, lost + inner.low)


def _with_special_cases(x: Real, y: Real, z: Real) -> Real:
    """Zeros and infinities, then the sign, then what is 1 or NaN whatever the other operand is."""
    size = abs(x)
    grows = (size > 1.0) ^ (y < 0.0)
    z = select(_extreme(size) | _infinite(y), select(grows, z.of(math.inf), 0.0), z)
    odd = _is_integer(y) & _is_odd(y)
    z = select(odd, z.copysign(x), z)
    z = select((x < 0.0) & (size < math.inf) & ~_is_integer(y), math.nan, z)
    z = select(x.is_nan() | y.is_nan(), x + y, z)
    return select(y.equals(0.0) | x.equals(1.0) | (size.equals(1.0) & _infinite(y)), 1.0, z)


def _extreme(size: Real) -> Mask:
    return size.equals(0.0) | size.equals(math.inf)


def _infinite(y: Real) -> Mask:
    return abs(y).equals(math.inf)


def _is_integer(y: Real) -> Mask:
    """Infinities count as even integers."""
    return y.rint().equals(y)


def _is_odd(y: Real) -> Mask:
    """Is this integer odd? Half of it is no integer then."""
    half = y * 0.5
    return ~half.rint().equals(half)
