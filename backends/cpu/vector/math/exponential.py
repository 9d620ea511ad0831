"""e to the power of x, and one less than that.

x = n·ln 2 + r with |r| ≤ ½ ln 2; eʳ = 1 + r + r²·q(r) with a minimax q; then scaling by 2ⁿ.
"""

from __future__ import annotations

from typing import NamedTuple

from ..real import Bits, Mask, Real, clamp, select
from .double_word import DoubleWord, ordered_sum
from .tables import EXPONENTIAL, Exponential


class Reduced(NamedTuple):
    """n, as bits in the right place to be an exponent's, and eʳ - 1."""

    shifted: Bits
    rest: Real


def exp(x: Real) -> Real:
    """At most 1 ulp off, for f32 and f64; denormal results are rounded once more."""
    table = EXPONENTIAL[x.format]
    x = clamp(x, table.lowest, table.highest)
    reduced = _reduced(x, table)
    return _scaled(reduced.rest + 1.0, reduced.shifted, x < 0.0)


def exp_with_error(x: Real) -> DoubleWord:
    """eˣ, and the relative error that its last sum left: a better result is y·(1 + error)."""
    table = EXPONENTIAL[x.format]
    x = clamp(x, table.lowest, table.highest)
    reduced = _reduced(x, table)
    y, lost = ordered_sum(1.0, reduced.rest)
    return DoubleWord(_scaled(y, reduced.shifted, x < 0.0), (-lost).fma(reduced.rest, lost))


def exp_of_sum(high: Real, low: Real) -> Real:
    """exp(high + low) for a small `low`, at most 1 ulp off, whatever the sum's rounding."""
    table = EXPONENTIAL[high.format]
    x = clamp(high, table.lowest, table.highest)
    reduced = _reduced(x, table, low)
    return _scaled(reduced.rest + 1.0, reduced.shifted, x < 0.0)


def expm1(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64."""
    table = EXPONENTIAL[x.format]
    bounded = clamp(x, table.all_but_minus_one, table.highest)
    reduced = _reduced(bounded, table)
    half = _power_of_two(reduced.shifted, -1)
    doubled = half.fma(reduced.rest, half - 0.5)
    return select(abs(x) < table.linear_below, x, doubled + doubled)


def _reduced(x: Real, table: Exponential, low: Real | None = None) -> Reduced:
    rounder = x.format.round_to_integer
    total = x.fma(table.per_ln2, rounder)
    count = total - rounder
    r = count.fma(-table.ln2_low, count.fma(-table.ln2_high, x))
    r = r if low is None else r + low
    rest = (r * r).fma(r.polynomial(table.terms), r)
    return Reduced(total.bits() << x.format.digits, rest)


def _power_of_two(shifted: Bits, more: int) -> Real:
    format = shifted.format
    return (shifted + ((format.bias + more) << format.digits)).real()


def _scaled(y: Real, shifted: Bits, small: Mask) -> Real:
    """y·2ⁿ in two steps: the second one rounds to denormals, or overflows, as it should."""
    format = y.format
    extra = format.bias // 2
    up, down = ((format.bias + s) << format.digits for s in (extra, -extra))
    bias = shifted.of(up).select(small, down)
    back = select(small, y.of(2.0**-extra), 2.0**extra)
    return y * (shifted + bias).real() * back
