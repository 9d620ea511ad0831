"""Elementwise functions of tensors."""

from __future__ import annotations

import math
from typing import Any

from ..ir.dtypes import DType, bool_
from ..ir.op import make
from ..ir.ops import arithmetic as ar
from ..ir.ops import extremes as ex
from ..ir.ops import logic
from ..ir.ops import rounding as rn
from ..ir.ops import transcendental as tr
from ..ir.ops.logic import Cast
from ..ir.values import Const
from .eager import builder
from .promotion import Operand, get_default_dtype, is_number, operand_value, result_type, together
from .tensor import Tensor, apply, read, wrap
from .var import Var

# ---- two operands


def _binary(op: Any, a: Operand, b: Operand, *, floating: bool = False) -> Tensor:
    return apply(op, *together((a, b), floating=floating))


def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input + alpha·other."""
    return _binary(ADD, input, other if alpha == 1 else mul(other, alpha))


def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input - alpha·other."""
    _refuse_bool("-", input, other)
    return _binary(SUB, input, other if alpha == 1 else mul(other, alpha))


def mul(input: Operand, other: Operand) -> Tensor:
    """The product, element by element."""
    return _binary(MUL, input, other)


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient: true, or rounded down ("floor") or towards zero ("trunc")."""
    if rounding_mode is None:
        return _binary(DIV, input, other, floating=True)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return trunc(div(input, other)).to(result_type(input, other))  # type: ignore[no-any-return]


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The quotient rounded down."""
    return _binary(FLOOR_DIV, input, other)


def remainder(input: Operand, other: Operand) -> Tensor:
    """What a floored division leaves; its sign is the divisor's."""
    return _binary(REMAINDER, input, other)


def pow(input: Operand, exponent: Operand) -> Tensor:
    """input raised to exponent."""
    dtype = result_type(input, exponent)
    if isinstance(input, Tensor) and is_number(exponent) and dtype.is_integer and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _binary(POW, input, exponent)


def maximum(input: Operand, other: Operand) -> Tensor:
    """The larger elements."""
    return _widened(MAXIMUM, logic.LogicalOr(), input, other)


def minimum(input: Operand, other: Operand) -> Tensor:
    """The smaller elements."""
    return _widened(MINIMUM, logic.LogicalAnd(), input, other)


def _widened(op: Any, for_bool: Any, a: Operand, b: Operand) -> Tensor:
    return _binary(for_bool if result_type(a, b) is bool_ else op, a, b)


def eq(input: Operand, other: Operand) -> Tensor:
    """Where the elements are equal."""
    return _binary(EQ, input, other)


def ne(input: Operand, other: Operand) -> Tensor:
    """Where they differ."""
    return _binary(NE, input, other)


def lt(input: Operand, other: Operand) -> Tensor:
    """Where input is smaller."""
    return _binary(LT, input, other)


def le(input: Operand, other: Operand) -> Tensor:
    """Where input is not larger."""
    return _binary(LE, input, other)


def gt(input: Operand, other: Operand) -> Tensor:
    """Where input is larger."""
    return _binary(GT, input, other)


def ge(input: Operand, other: Operand) -> Tensor:
    """Where input is not smaller."""
    return _binary(GE, input, other)


def logical_and(input: Operand, other: Operand) -> Tensor:
    """Where both are non-zero."""
    return apply(logic.LogicalAnd(), truth(input), truth(other))


def logical_or(input: Operand, other: Operand) -> Tensor:
    """Where either is non-zero."""
    return apply(logic.LogicalOr(), truth(input), truth(other))


def logical_xor(input: Operand, other: Operand) -> Tensor:
    """Where exactly one is non-zero."""
    return apply(logic.LogicalXor(), truth(input), truth(other))


def logical_not(input: Operand) -> Tensor:
    """Where it is zero."""
    return apply(logic.LogicalNot(), truth(input))


def truth(input: Operand) -> Any:
    """Is each element non-zero?"""
    if not isinstance(input, Tensor):
        return Const(bool(input), bool_)
    return builder().cast_to(read(input), bool_)


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return _binary(logic.LogicalAnd(), input, other)


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return _binary(logic.LogicalOr(), input, other)


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return _binary(logic.LogicalXor(), input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """Bit by bit."""
    return apply(logic.LogicalNot(), read(input))


def _refuse_bool(sign: str, *operands: Operand) -> None:
    if any(isinstance(o, Tensor) and o.dtype is bool_ for o in operands):
        raise RuntimeError(
            f"the `{sign}` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


# ---- one operand


def _floating(input: Operand) -> Any:
    dtype = result_type(input)
    return operand_value(input, dtype if dtype.is_floating_point else get_default_dtype())


def exp(input: Tensor) -> Tensor:
    """e to the power of each element."""
    return apply(tr.Exp(), _floating(input))


def expm1(input: Tensor) -> Tensor:
    """exp(x) - 1."""
    return apply(tr.Expm1(), _floating(input))


def log(input: Tensor) -> Tensor:
    """The natural logarithm."""
    return apply(tr.Log(), _floating(input))


def log1p(input: Tensor) -> Tensor:
    """log(1 + x)."""
    return apply(tr.Log1p(), _floating(input))


def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return mul(log(input), 1 / math.log(2))


def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return mul(log(input), 1 / math.log(10))


def sqrt(input: Tensor) -> Tensor:
    """The square root."""
    return apply(tr.Sqrt(), _floating(input))


def rsqrt(input: Tensor) -> Tensor:
    """One over the square root."""
    return apply(tr.Rsqrt(), _floating(input))


def sin(input: Tensor) -> Tensor:
    """The sine."""
    return apply(tr.Sin(), _floating(input))


def cos(input: Tensor) -> Tensor:
    """The cosine."""
    return apply(tr.Cos(), _floating(input))


def tan(input: Tensor) -> Tensor:
    """The tangent."""
    return div(sin(input), cos(input))


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return apply(tr.Tanh(), _floating(input))


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return apply(tr.Sigmoid(), _floating(input))


def erf(input: Tensor) -> Tensor:
    """The error function."""
    return apply(tr.Erf(), _floating(input))


def relu(input: Tensor) -> Tensor:
    """x where positive, else 0."""
    return apply(RELU, read(input))


def reciprocal(input: Tensor) -> Tensor:
    """1 / x."""
    return div(1.0, input)


def square(input: Tensor) -> Tensor:
    """x²."""
    return pow(input, 2)


def neg(input: Tensor) -> Tensor:
    """-x."""
    _refuse_bool("-", input)
    return apply(rn.Neg(), read(input))


def positive(input: Tensor) -> Tensor:
    return input


def abs(input: Tensor) -> Tensor:
    """|x|."""
    return apply(rn.Abs(), read(input))


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1."""
    return apply(rn.Sign(), read(input))


def floor(input: Tensor) -> Tensor:
    """The largest integer not above."""
    return apply(rn.Floor(), read(input))


def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below."""
    return apply(rn.Ceil(), read(input))


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer (or number with so many decimals), halves to even."""
    if decimals:
        scale = 10.0**decimals
        return div(round(mul(input, scale)), scale)
    return apply(rn.Round(), read(input))


def trunc(input: Tensor) -> Tensor:
    """Rounded towards zero."""
    return mul(sign(input), floor(abs(input)))


def isnan(input: Tensor) -> Tensor:
    """Where an element is NaN."""
    return ne(input, input)


def isinf(input: Tensor) -> Tensor:
    """Where an element is infinite."""
    return eq(abs(input), math.inf)


def isfinite(input: Tensor) -> Tensor:
    """Where an element is neither infinite nor NaN."""
    return lt(abs(input), math.inf)


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """At least `min` and at most `max`."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    bounds = [b for b in (min, max) if b is not None]
    dtype = result_type(input, *bounds)
    value = operand_value(input, dtype)
    if min is not None:
        value = builder().clamp_min(value, operand_value(min, dtype))
    if max is not None:
        value = builder().clamp_max(value, operand_value(max, dtype))
    return labelled(value, "ClampBackward1" if any(isinstance(b, Tensor) for b in bounds) else None)


def labelled(value: Any, label: str | None) -> Tensor:
    """A Tensor for a value, printed as made by `label` (None leaves the op's own name)."""
    assert isinstance(value, Var)
    if label and value.op is not None:
        value.label = label
    return wrap(value)


# ---- choice and conversion


def where(condition: Tensor, input: Operand, other: Operand) -> Tensor:
    """input where the condition holds, other elsewhere."""
    if not isinstance(condition, Tensor):
        raise TypeError(f"where() needs a condition tensor, not {type(condition).__name__}")
    if condition.dtype is not bool_:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype}"
        )
    return apply(logic.Where(), read(condition), *together((input, other)))


def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """The value where the mask is true, input elsewhere."""
    return apply(logic.Where(), read(mask), operand_value(value, input.dtype), read(input))


def cast(input: Tensor, dtype: DType) -> Tensor:
    """The same numbers as another dtype; the tensor itself if it has that dtype already."""
    return input if input.dtype is dtype else apply(Cast(dtype), read(input))


def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """input + weight·(end - input)."""
    return add(input, mul(weight, sub(end, input)))


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value·tensor1·tensor2."""
    return add(input, mul(mul(tensor1, tensor2), value))


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value·tensor1/tensor2."""
    return add(input, mul(div(tensor1, tensor2), value))


ADD, SUB, MUL, DIV, POW = ar.Add(), ar.Sub(), ar.Mul(), ar.Div(), ar.Pow()
FLOOR_DIV, REMAINDER = ar.FloorDiv(), ar.Remainder()
MAXIMUM, MINIMUM = ex.Maximum(), ex.Minimum()
EQ, NE, LT, LE, GT, GE = (make(name, {}) for name in ("eq", "ne", "lt", "le", "gt", "ge"))
RELU = tr.Relu()
absolute, multiply, subtract, divide, true_divide = abs, mul, sub, div, div
clip, greater, less, negative = clamp, gt, lt, neg
not_equal, greater_equal, less_equal = ne, ge, le
