"""Floats, integers and masks under construction: LLVM values with Python's operators, on any number of lanes.

What is written with these classes keeps its roundings: each multiplication and addition carries a flag that means
nothing for it, which keeps Numba from setting its own flags (`contract` would break the compensated sums of `math/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir as ll

KEEP = ("arcp",)


@dataclass(frozen=True)
class Format:
    """A floating-point format: its size, the stored bits of its mantissa, and the bias of its exponent."""

    bits: int
    digits: int
    bias: int
    scalar: Any

    @property
    def smallest_normal(self) -> float:
        return float(2.0 ** (1 - self.bias))

    @property
    def round_to_integer(self) -> float:
        """Adding this leaves the nearest integer in the low bits of the sum."""
        return 1.5 * 2.0**self.digits


SINGLE = Format(32, 23, 127, ll.FloatType())
DOUBLE = Format(64, 52, 1023, ll.DoubleType())


def shaped(scalar: Any, lanes: int) -> Any:
    """The type of so many lanes."""
    return scalar if lanes == 1 else ll.VectorType(scalar, lanes)


def repeated(scalar: Any, lanes: int, number: float) -> Any:
    """A constant in every lane."""
    return ll.Constant(shaped(scalar, lanes), number if lanes == 1 else [number] * lanes)


def mangled(type_: Any) -> str:
    """How the name of an overloaded intrinsic spells a type."""
    if isinstance(type_, ll.VectorType):
        return f"v{type_.count}{mangled(type_.element)}"
    if isinstance(type_, ll.IntType):
        return f"i{type_.width}"
    return {"half": "f16", "float": "f32", "double": "f64"}[str(type_)]


def intrinsic(builder: Any, name: str, result: Any, arguments: Sequence[Any], suffix: str) -> Any:
    """Call LLVM's `llvm.<name>.<suffix>`, declared on first use."""
    full = f"llvm.{name}.{suffix}"
    function = builder.module.globals.get(full)
    if function is None:
        type_ = ll.FunctionType(result, [a.type for a in arguments])
        function = ll.Function(builder.module, type_, full)
    return builder.call(function, arguments)


class Mask:
    """A truth value per lane."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.builder, self.builder.or_(self.value, other.value))

    def __xor__(self, other: Mask) -> Mask:
        return Mask(self.builder, self.builder.xor(self.value, other.value))

    def __invert__(self) -> Mask:
        return Mask(self.builder, self.builder.not_(self.value))

    def any(self) -> Any:
        """One i1 for all lanes."""
        if not isinstance(self.value.type, ll.VectorType):
            return self.value
        suffix = mangled(self.value.type)
        return intrinsic(self.builder, "vector.reduce.or", ll.IntType(1), [self.value], suffix)


class Bits:
    """A signed integer per lane, as wide as the float whose bits it may be."""

    def __init__(self, builder: Any, value: Any, format: Format, lanes: int) -> None:
        self.builder, self.value, self.format, self.lanes = builder, value, format, lanes

    def of(self, number: int) -> Bits:
        """A number in every lane."""
        return self._new(self._of(number))

    def _of(self, other: Bits | int) -> Any:
        if isinstance(other, Bits):
            return other.value
        return repeated(ll.IntType(self.format.bits), self.lanes, other)

    def _new(self, value: Any) -> Bits:
        return Bits(self.builder, value, self.format, self.lanes)

    def __add__(self, other: Bits | int) -> Bits:
        return self._new(self.builder.add(self.value, self._of(other)))

    def __sub__(self, other: Bits | int) -> Bits:
        return self._new(self.builder.sub(self.value, self._of(other)))

    def __and__(self, other: Bits | int) -> Bits:
        return self._new(self.builder.and_(self.value, self._of(other)))

    def __or__(self, other: Bits | int) -> Bits:
        return self._new(self.builder.or_(self.value, self._of(other)))

    def __xor__(self, other: Bits | int) -> Bits:
        return self._new(self.builder.xor(self.value, self._of(other)))

    def __lshift__(self, count: int) -> Bits:
        return self._new(self.builder.shl(self.value, self._of(count)))

    def __rshift__(self, count: int) -> Bits:
        """Copies of the sign come in from the left."""
        return self._new(self.builder.ashr(self.value, self._of(count)))

    def equals(self, other: Bits | int) -> Mask:
        return Mask(self.builder, self.builder.icmp_signed("==", self.value, self._of(other)))

    def __lt__(self, other: Bits | int) -> Mask:
        return Mask(self.builder, self.builder.icmp_signed("<", self.value, self._of(other)))

    def select(self, mask: Mask, other: Bits | int) -> Bits:
        """These where the mask holds, the others elsewhere."""
        return self._new(self.builder.select(mask.value, self.value, self._of(other)))

    def real(self) -> Real:
        """The float that has these bits."""
        type_ = shaped(self.format.scalar, self.lanes)
        return Real(self.builder, self.builder.bitcast(self.value, type_), self.format, self.lanes)

    def number(self) -> Real:
        """The float that has this value."""
        type_ = shaped(self.format.scalar, self.lanes)
        return Real(self.builder, self.builder.sitofp(self.value, type_), self.format, self.lanes)


class Real:
    """A float per lane."""

    def __init__(self, builder: Any, value: Any, format: Format, lanes: int) -> None:
        self.builder, self.value, self.format, self.lanes = builder, value, format, lanes

    def of(self, other: Real | float) -> Real:
        """A number in every lane."""
        if isinstance(other, Real):
            return other
        return self._new(repeated(self.format.scalar, self.lanes, float(other)))

    def _new(self, value: Any) -> Real:
        return Real(self.builder, value, self.format, self.lanes)

    def _call(self, name: str, *others: Real | float) -> Real:
        arguments = [self.value, *(self.of(o).value for o in others)]
        suffix = mangled(self.value.type)
        return self._new(intrinsic(self.builder, name, self.value.type, arguments, suffix))

    def _compare(self, how: str, other: Real | float) -> Mask:
        return Mask(self.builder, self.builder.fcmp_ordered(how, self.value, self.of(other).value))

    def __add__(self, other: Real | float) -> Real:
        return self._new(self.builder.fadd(self.value, self.of(other).value, flags=KEEP))

    def __sub__(self, other: Real | float) -> Real:
        return self._new(self.builder.fsub(self.value, self.of(other).value, flags=KEEP))

    def __mul__(self, other: Real | float) -> Real:
        return self._new(self.builder.fmul(self.value, self.of(other).value, flags=KEEP))

    def __truediv__(self, other: Real | float) -> Real:
        return self._new(self.builder.fdiv(self.value, self.of(other).value))

    def __radd__(self, other: float) -> Real:
        return self.of(other) + self

    def __rsub__(self, other: float) -> Real:
        return self.of(other) - self

    def __rmul__(self, other: float) -> Real:
        return self.of(other) * self

    def __rtruediv__(self, other: float) -> Real:
        return self.of(other) / self

    def __neg__(self) -> Real:
        return self._new(self.builder.fneg(self.value))

    def __abs__(self) -> Real:
        return self._call("fabs")

    def __lt__(self, other: Real | float) -> Mask:
        return self._compare("<", other)

    def __le__(self, other: Real | float) -> Mask:
        return self._compare("<=", other)

    def __gt__(self, other: Real | float) -> Mask:
        return self._compare(">", other)

    def __ge__(self, other: Real | float) -> Mask:
        return self._compare(">=", other)

    def equals(self, other: Real | float) -> Mask:
        return self._compare("==", other)

    def is_nan(self) -> Mask:
        return Mask(self.builder, self.builder.fcmp_unordered("uno", self.value, self.value))

    def fma(self, factor: Real | float, addend: Real | float) -> Real:
        """self · factor + addend, rounded once."""
        return self._call("fma", factor, addend)

    def sqrt(self) -> Real:
        return self._call("sqrt")

    def floor(self) -> Real:
        return self._call("floor")

    def ceil(self) -> Real:
        return self._call("ceil")

    def trunc(self) -> Real:
        return self._call("trunc")

    def rint(self) -> Real:
        return self._call("rint")

    def copysign(self, sign: Real | float) -> Real:
        return self._call("copysign", sign)

    def bits(self) -> Bits:
        type_ = shaped(ll.IntType(self.format.bits), self.lanes)
        return Bits(self.builder, self.builder.bitcast(self.value, type_), self.format, self.lanes)

    def polynomial(self, coefficients: Sequence[float]) -> Real:
        """The polynomial with these coefficients, the constant one first."""
        total = self.of(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = total.fma(self, coefficient)
        return total

    def widened(self) -> Real:
        """The same number in double precision."""
        value = self.builder.fpext(self.value, shaped(DOUBLE.scalar, self.lanes))
        return Real(self.builder, value, DOUBLE, self.lanes)

    def narrowed(self) -> Real:
        """The nearest number in single precision."""
        value = self.builder.fptrunc(self.value, shaped(SINGLE.scalar, self.lanes))
        return Real(self.builder, value, SINGLE, self.lanes)


def select(mask: Mask, yes: Real | float, no: Real | float) -> Real:
    """`yes` where the mask holds, `no` elsewhere; one of them may be a number."""
    like = yes if isinstance(yes, Real) else no
    assert isinstance(like, Real)
    value = mask.builder.select(mask.value, like.of(yes).value, like.of(no).value)
    return like.of(Real(mask.builder, value, like.format, like.lanes))


def clamp(x: Real, low: float, high: float) -> Real:
    """x within bounds; NaN stays."""
    x = select(x < low, low, x)
    return select(x > high, high, x)
