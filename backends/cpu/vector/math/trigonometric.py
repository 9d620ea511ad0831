"""Sine and cosine of angles of any size.

x = n·π/2 + r with |r| ≤ π/4, always found in double precision; then a minimax polynomial of r for the sine or the
cosine, as n says. Up to 2²⁸, π/2 in three parts gives r. Beyond, a branch that is taken only if some lane needs it
multiplies x by 2/π to some 300 bits, without the bits that make whole turns (Payne and Hanek's idea), so huge angles
are as accurate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from llvmlite import ir as ll

from ..real import DOUBLE, SINGLE, Bits, Mask, Real, select, shaped
from .angles import COS_TERMS, HALF_PI, SIN_TERMS, TURNS, TURNS_STEP
from .double_word import product, two_sum

LARGE = 2.0**28


class Angle(NamedTuple):
    """r, what its rounding lost, and n, of which the last two bits count."""

    rest: Real
    lost: Real
    quadrant: Bits


def sin(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64, on the whole range; NaN for infinities."""
    return select(x.equals(0.0), x, _turned(x, 0))


def cos(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64, on the whole range; NaN for infinities."""
    return _turned(x, 1)


def _turned(x: Real, quarters: int) -> Real:
    angle = _reduced(x if x.format is DOUBLE else x.widened())
    if x.format is SINGLE:
        angle = _narrowed(angle)
    quadrant = angle.quadrant + quarters
    wave = select((quadrant & 1).equals(0), _sine(angle), _cosine(angle))
    sign = (quadrant & 2) << (x.format.bits - 2)
    return (wave.bits() ^ sign).real()


def _sine(angle: Angle) -> Real:
    r = angle.rest
    square = r * r
    cubic = square * r
    tail = angle.lost - (square * 0.5) * angle.lost
    return r + cubic.fma(square.polynomial(SIN_TERMS[r.format]), tail)


def _cosine(angle: Angle) -> Real:
    """1 - r²/2 + …: what is lost in the first difference is added at the end."""
    r = angle.rest
    square = r * r
    half = square * 0.5
    first = 1.0 - half
    lost = (1.0 - first) - half
    fourth = square * square
    tail = fourth.fma(square.polynomial(COS_TERMS[r.format]), lost - r * angle.lost)
    return first + tail


def _narrowed(angle: Angle) -> Angle:
    """For single precision r needs no second part."""
    rest, builder = angle.rest.narrowed(), angle.rest.builder
    word = shaped(ll.IntType(32), rest.lanes)
    quadrant = Bits(builder, builder.trunc(angle.quadrant.value, word), SINGLE, rest.lanes)
    return Angle(rest, rest.of(0.0), quadrant)


def _reduced(x: Real) -> Angle:
    """The fast way for all lanes, and the other one if any lane is large."""
    fast, large, builder = _small(x), abs(x) > LARGE, x.builder
    before = builder.block
    with builder.if_then(large.any(), likely=False):
        slow = _merged(large, _huge(x), fast)
        inside = builder.block
    rest, lost, quadrant = (
        _joined(builder, (a, before), (b, inside))
        for a, b in zip(_values(fast), _values(slow), strict=True)
    )
    like = DOUBLE, x.lanes
    return Angle(
        Real(builder, rest, *like), Real(builder, lost, *like), Bits(builder, quadrant, *like)
    )


def _values(angle: Angle) -> tuple[Any, ...]:
    return angle.rest.value, angle.lost.value, angle.quadrant.value


def _joined(builder: Any, *ways: tuple[Any, Any]) -> Any:
    """What came in: one of the values, by the block it comes from."""
    phi = builder.phi(ways[0][0].type)
    for value, block in ways:
        phi.add_incoming(value, block)
    return phi


def _merged(large: Mask, slow: Angle, fast: Angle) -> Angle:
    return Angle(
        select(large, slow.rest, fast.rest),
        select(large, slow.lost, fast.lost),
        slow.quadrant.select(large, fast.quadrant),
    )


def _small(x: Real) -> Angle:
    """x - n·π/2, where n times each part of π/2 leaves something exact."""
    first, second, third = HALF_PI
    total = x.fma(2 / math.pi, x.format.round_to_integer)
    n = total - x.format.round_to_integer
    t = n.fma(-first, x)
    high, low = product(n, second)
    rest = t - high
    lost = ((t - rest) - high) - low
    return Angle(rest, n.fma(-third, lost), total.bits())


def _huge(x: Real) -> Angle:
    """x·2/π modulo 4: x is y·2^(128·row) for an integer y (or row 0), and 2^(128·row)·2/π modulo 4 is tabled."""
    exponent = ((x.bits() >> DOUBLE.digits) & 0x7FF) - (DOUBLE.bias + DOUBLE.digits)
    row = exponent.of(0).select(exponent < 0, exponent) >> TURNS_STEP
    y = (x.bits() - (row << (DOUBLE.digits + TURNS_STEP))).real()
    total, small, smaller = x.of(0.0), x.of(0.0), x.of(0.0)
    for k in range(len(TURNS[0])):
        for part in product(y, _chosen(row, [r[k] for r in TURNS], x)):
            total, carry = two_sum(total, part - (part * 0.25).rint() * 4.0)
            small, carry = two_sum(small, carry)
            smaller = smaller + carry
    n = total.rint()
    turn, lost = two_sum(total - n, small)
    lost = lost + smaller
    return _in_radians(x, turn, lost, n)


def _in_radians(x: Real, turn: Real, lost: Real, n: Real) -> Angle:
    first, second, _ = HALF_PI
    rest, low = product(turn, first)
    low = lost.fma(first, turn.fma(second, low))
    rest = select(abs(x) < math.inf, rest, math.nan)
    return Angle(rest, low, (n + DOUBLE.round_to_integer).bits())


def _chosen(row: Bits, column: Sequence[float], like: Real) -> Real:
    """The column's entry in that row, lane by lane."""
    found = like.of(column[0])
    for i, number in enumerate(column[1:], 1):
        found = select(row.equals(i), number, found)
    return found
