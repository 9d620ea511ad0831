"""Sums and products whose rounding errors are kept: a number as an unevaluated sum of a large and a small part."""

from __future__ import annotations

from typing import NamedTuple

from ..real import Real


class DoubleWord(NamedTuple):
    """high + low, where low is at most about an ulp of high."""

    high: Real
    low: Real


def two_sum(a: Real, b: Real) -> DoubleWord:
    """a + b exactly (Knuth)."""
    total = a + b
    b_part = total - a
    return DoubleWord(total, (a - (total - b_part)) + (b - b_part))


def ordered_sum(a: Real | float, b: Real) -> DoubleWord:
    """a + b exactly, if a is the larger in size (Dekker)."""
    total = a + b
    return DoubleWord(total, b - (total - a))


def product(a: Real, b: Real | float) -> DoubleWord:
    """a · b exactly."""
    high = a * b
    return DoubleWord(high, a.fma(b, -high))


def multiply(a: DoubleWord, b: DoubleWord) -> DoubleWord:
    """The product, to nearly twice the working precision."""
    high, low = product(a.high, b.high)
    return DoubleWord(high, a.high.fma(b.low, a.low.fma(b.high, low)))


def divide(a: Real, b: DoubleWord) -> DoubleWord:
    """a / b, to nearly twice the working precision."""
    high = a / b.high
    rest = (-high).fma(b.high, a)
    return DoubleWord(high, (rest - high * b.low) / b.high)
