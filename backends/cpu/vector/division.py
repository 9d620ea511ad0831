"""Floored division and its remainder, for integers and floats, as NumPy defines them. Nothing here traps."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll

from .kinds import Vector, real
from .real import Mask, Real, select


def floor_div(builder: Any, x: Vector, y: Vector) -> Vector:
    """The quotient rounded towards minus infinity. Integers: 0 where the divisor is 0."""
    if x.dtype.is_floating_point:
        return _like(x, _float_quotient(real(builder, x), real(builder, y)).value)
    quotient, _, wrong = _int_division(builder, x, y)
    lower = builder.sub(quotient, ll.Constant(quotient.type, _ones(x)))
    return _like(x, builder.select(wrong, lower, quotient) if x.dtype.is_signed else quotient)


def remainder(builder: Any, x: Vector, y: Vector) -> Vector:
    """What the floored division leaves; it has the divisor's sign. Integers: 0 where the divisor is 0."""
    if x.dtype.is_floating_point:
        return _like(x, _floored(real(builder, x), real(builder, y)).value)
    _, rest, wrong = _int_division(builder, x, y)
    return _like(x, builder.select(wrong, builder.add(rest, y.value), rest))


def _like(x: Vector, value: Any) -> Vector:
    return Vector(value, x.dtype, x.lanes)


def _ones(x: Vector) -> Any:
    return 1 if x.lanes == 1 else [1] * x.lanes


def _int_division(builder: Any, x: Vector, y: Vector) -> tuple[Any, Any, Any]:
    """Quotient, rest, and where their signs need a correction. Divisors 0 and -1, which can trap, are replaced."""
    zero, one = ll.Constant(x.value.type, None), ll.Constant(x.value.type, _ones(x))
    by_zero = builder.icmp_signed("==", y.value, zero)
    if not x.dtype.is_signed:
        safe = builder.select(by_zero, one, y.value)
        quotient, rest = builder.udiv(x.value, safe), builder.urem(x.value, safe)
        return builder.select(by_zero, zero, quotient), rest, ll.Constant(by_zero.type, None)
    by_minus_one = builder.icmp_signed("==", y.value, builder.sub(zero, one))
    safe = builder.select(builder.or_(by_zero, by_minus_one), one, y.value)
    quotient = builder.sdiv(x.value, safe)
    rest = builder.sub(x.value, builder.mul(quotient, safe))
    quotient = builder.select(by_minus_one, builder.sub(zero, x.value), quotient)
    differ = builder.icmp_signed("<", builder.xor(x.value, y.value), zero)
    wrong = builder.and_(differ, builder.icmp_signed("!=", rest, zero))
    return builder.select(by_zero, zero, quotient), rest, wrong


def _float_quotient(x: Real, y: Real) -> Real:
    """The truncated quotient, which is near an integer, less 1 where signs differ, rounded; x / y where y is 0."""
    rest = _truncated(x, y)
    whole = (x - rest) / y
    quotient = select(_signs_differ(rest, y), whole - 1.0, whole)
    floor = quotient.floor()
    nearest = select(quotient - floor > 0.5, floor + 1.0, floor)
    signed = select(quotient.equals(0.0), x.of(0.0).copysign(x / y), nearest)
    return select(y.equals(0.0), x / y, signed)


def _floored(x: Real, y: Real) -> Real:
    rest = _truncated(x, y)
    moved = select(_signs_differ(rest, y), rest + y, rest)
    return select(rest.equals(0.0), rest.copysign(y), moved)


def _signs_differ(rest: Real, y: Real) -> Mask:
    return ((rest < 0.0) & (y > 0.0)) | ((rest > 0.0) & (y < 0.0))


def _truncated(x: Real, y: Real) -> Real:
    """What truncated division leaves, exactly; it has x's sign.

    Each turn takes a rounded multiple of the divisor away, which is exact and removes as many bits as a mantissa has;
    mostly there is one turn.
    """
    builder, divisor = x.builder, abs(y)
    finite = (abs(x) < float("inf")) & (divisor > 0.0)
    start = abs(x)
    before, turn = builder.block, builder.append_basic_block("remainder.turn")
    after = builder.append_basic_block("remainder.end")
    builder.branch(turn)
    builder.position_at_end(turn)
    rest = Real(builder, builder.phi(x.value.type), x.format, x.lanes)
    rest.value.add_incoming(start.value, before)
    less = _taken_away(rest, divisor)
    rest.value.add_incoming(less.value, builder.block)
    builder.cbranch(((abs(less) >= divisor) & finite).any(), turn, after)
    builder.position_at_end(after)
    positive = select(less < 0.0, less + divisor, less)
    return select(_defined(finite, y), positive.copysign(x), float("nan"))


def _defined(finite: Mask, y: Real) -> Mask:
    return finite & ~y.is_nan()


def _taken_away(rest: Real, divisor: Real) -> Real:
    """rest - q·divisor for q = rest / divisor towards 0; a quotient that overflows is made of a larger divisor."""
    power = 2.0 ** (rest.format.bias - rest.format.digits - 1)
    for _ in range(2):
        overflows = abs(rest / divisor).equals(float("inf"))
        divisor = select(overflows, divisor * power, divisor)
    quotient = (rest / divisor).trunc()
    moved = (-quotient).fma(divisor, rest)
    return select(divisor.equals(float("inf")), rest, moved)
