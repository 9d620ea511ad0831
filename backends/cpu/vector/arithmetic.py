"""What the names and operators of scalar expressions mean on vectors: NumPy's answers, element by element.

Plain sums and products carry no flags, so a caller's pass may still allow their contraction.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll

from ....ir.dtypes import bool_
from .kinds import Vector, constant, mask, real
from .real import intrinsic, mangled


def add(builder: Any, x: Vector, y: Vector) -> Vector:
    emit = builder.fadd if x.dtype.is_floating_point else builder.add
    return like(x, emit(x.value, y.value))


def subtract(builder: Any, x: Vector, y: Vector) -> Vector:
    emit = builder.fsub if x.dtype.is_floating_point else builder.sub
    return like(x, emit(x.value, y.value))


def multiply(builder: Any, x: Vector, y: Vector) -> Vector:
    emit = builder.fmul if x.dtype.is_floating_point else builder.mul
    return like(x, emit(x.value, y.value))


def divide(builder: Any, x: Vector, y: Vector) -> Vector:
    return like(x, builder.fdiv(x.value, y.value))


def negative(builder: Any, x: Vector) -> Vector:
    return like(x, builder.fneg(x.value) if x.dtype.is_floating_point else builder.neg(x.value))


def absolute(builder: Any, x: Vector) -> Vector:
    """The smallest integer, which has no positive counterpart, stays."""
    if x.dtype.is_floating_point:
        return like(x, abs(real(builder, x)).value)
    if not x.dtype.is_signed:
        return x
    negative_ = builder.icmp_signed("<", x.value, zero(x))
    return like(x, builder.select(negative_, builder.neg(x.value), x.value))


def sign(builder: Any, x: Vector) -> Vector:
    """-1, 0 or 1; 0 for NaN."""
    above, below = compare(builder, ">", x, zeros(x)), compare(builder, "<", x, zeros(x))
    one, minus = constant(x.dtype, 1, x.lanes), constant(x.dtype, -1 * x.dtype.is_signed, x.lanes)
    low = builder.select(below.value, minus.value, zero(x))
    return like(x, builder.select(above.value, one.value, low))


def maximum(builder: Any, x: Vector, y: Vector) -> Vector:
    return _extremum(builder, ">", x, y)


def minimum(builder: Any, x: Vector, y: Vector) -> Vector:
    return _extremum(builder, "<", x, y)


def where(builder: Any, condition: Vector, x: Vector, y: Vector) -> Vector:
    return like(x, builder.select(condition.value, x.value, y.value))


def bitwise(builder: Any, how: str, x: Vector, y: Vector) -> Vector:
    """`how` is the builder's method."""
    return like(x, getattr(builder, how)(x.value, y.value))


def invert(builder: Any, x: Vector) -> Vector:
    return like(x, builder.not_(x.value))


def rounding(builder: Any, how: str, x: Vector) -> Vector:
    """`how` is the rounding's name; integers are round."""
    if not x.dtype.is_floating_point:
        return x
    return like(x, intrinsic(builder, how, x.value.type, [x.value], mangled(x.value.type)))


def compare(builder: Any, how: str, x: Vector, y: Vector) -> Vector:
    """A bool vector. Comparisons with NaN are false, except `!=`."""
    if x.dtype.is_floating_point:
        emit = builder.fcmp_unordered if how == "!=" else builder.fcmp_ordered
    else:
        emit = builder.icmp_signed if x.dtype.is_signed else builder.icmp_unsigned
    return Vector(emit(how, x.value, y.value), bool_, x.lanes)


def integer_power(builder: Any, x: Vector, y: Vector) -> Vector:
    """x·x·…, by squaring, modulo the type's range; exponents count as unsigned."""
    before, turn = builder.block, builder.append_basic_block("power.turn")
    after = builder.append_basic_block("power.end")
    builder.branch(turn)
    builder.position_at_end(turn)
    base, left, total = (builder.phi(x.value.type) for _ in range(3))
    one = constant(x.dtype, 1, x.lanes).value
    odd = builder.icmp_signed("!=", builder.and_(left, one), zero(x))
    product = builder.select(odd, builder.mul(total, base), total)
    halved = builder.lshr(left, one)
    going = builder.icmp_signed("!=", halved, zero(x))
    for phi, start, next_ in (
        (base, x.value, builder.mul(base, base)),
        (left, y.value, halved),
        (total, one, product),
    ):
        phi.add_incoming(start, before)
        phi.add_incoming(next_, turn)
    builder.cbranch(mask(builder, Vector(going, bool_, x.lanes)).any(), turn, after)
    builder.position_at_end(after)
    return like(x, product)


def like(x: Vector, value: Any) -> Vector:
    """A value of the same type and lanes."""
    return Vector(value, x.dtype, x.lanes)


def zero(x: Vector) -> Any:
    return ll.Constant(x.value.type, None)


def zeros(x: Vector) -> Vector:
    return like(x, zero(x))


def _extremum(builder: Any, how: str, x: Vector, y: Vector) -> Vector:
    """NaN wins. Of two zeros the second is returned, which is one instruction on x86, and NumPy's choice too."""
    chosen = builder.select(compare(builder, how, x, y).value, x.value, y.value)
    if not x.dtype.is_floating_point:
        return like(x, chosen)
    return like(x, builder.select(real(builder, x).is_nan().value, x.value, chosen))
