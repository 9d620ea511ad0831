"""Elementwise arithmetic of two operands, and what is made of it."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import bool_
from ..ir.errors import DivisionError
from ..ir.ops import arithmetic as ar
from ..ir.ops import extremes as ex
from ..ir.ops import logic
from ..ir.ops import rounding as rn
from ..ir.values import Value, constant
from .eager import builder
from .labelled import labelled, relabelled
from .location import blame, not_a_tensor
from .promotion import Operand, is_number, operand_value, result_type, together
from .reading import read
from .tensor import Tensor, apply


def binary(op: Any, a: Operand, b: Operand, *, floating: bool = False) -> Tensor:
    return apply(op, *together((a, b), floating=floating))


def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input + alpha·other."""
    return widened(ADD, OR, input, other if alpha == 1 else _scaled(input, other, alpha))


def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input - alpha·other."""
    _refuse_bool("Subtraction", input, other)
    return binary(SUB, input, other if alpha == 1 else _scaled(input, other, alpha))


def _scaled(input: Operand, other: Operand, alpha: float) -> Tensor:
    """alpha·other, in the dtype in which both operands meet."""
    dtype = result_type(input, other)
    if not dtype.is_floating_point and not isinstance(alpha, int):
        raise blame(
            RuntimeError(
                "For integral input tensors, argument alpha must not be a floating point number, "
                f"but it is {alpha} and the result is {dtype}"
            )
        )
    op = AND if dtype is bool_ else MUL
    return apply(op, operand_value(other, dtype), constant(dtype.cast(alpha), dtype))


def mul(input: Operand, other: Operand) -> Tensor:
    """The product, element by element."""
    return widened(MUL, AND, input, other)


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient: true, or rounded down ("floor") or towards zero ("trunc")."""
    if rounding_mode is None:
        return binary(DIV, input, other, floating=True)
    if rounding_mode == "floor":
        return relabelled(floor_divide(input, other), "DivBackward2")
    if rounding_mode != "trunc":
        raise blame(
            RuntimeError(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                f"'{rounding_mode}'"
            )
        )
    return relabelled(_truncated(*together((input, other))), "DivBackward2")


def _truncated(x: Value, y: Value) -> Tensor:
    """The quotient rounded towards zero: the floored one, and one more where that was rounded away from zero."""
    b = builder()
    if x.type.dtype.is_floating_point:
        quotient = b.div(x, y)
        return apply(WHERE, b.lt(quotient, 0), b.ceil(quotient), b.floor(quotient))
    floored = b.floor_div(x, y)
    inexact = b.ne(b.mul(floored, y), x)
    negative = b.logical_xor(b.lt(x, 0), b.lt(y, 0))
    return apply(WHERE, b.logical_and(inexact, negative), b.add(floored, 1), floored)


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The quotient rounded down. Its gradient is zero, where PyTorch refuses to give one."""
    return binary(FLOOR_DIV, input, other)


def remainder(input: Operand, other: Operand) -> Tensor:
    """What a floored division leaves; its sign is the divisor's."""
    made = binary(REMAINDER, input, other)
    return relabelled(made, "RemainderBackward1") if isinstance(other, Tensor) else made


def fmod(input: Tensor, other: Operand) -> Tensor:
    """What a division rounded towards zero leaves; its sign is the input's."""
    if result_type(input, other) is bool_:
        raise blame(NotImplementedError("fmod() is not for bool; cast with .int() first"))
    b, (x, y) = builder(), together((input, other))
    try:
        size = b.remainder(b.abs(x), b.abs(y))
    except DivisionError:
        raise blame(DivisionError("fmod(): ZeroDivisionError, an integer divided by 0")) from None
    signed = b.where(b.lt(x, 0), b.neg(size), size)
    kept = b.where(b.logical_and(b.eq(x, 0), b.eq(size, 0)), x, signed)  # -0.0 stays what it is
    return labelled(kept, f"FmodBackward{1 if isinstance(other, Tensor) else 0}")


def pow(input: Operand, exponent: Operand) -> Tensor:
    """input raised to exponent."""
    dtype = result_type(input, exponent)
    if is_number(exponent) and dtype.is_integer and exponent < 0:
        raise blame(
            RuntimeError(
                "Integers to negative integer powers are not allowed: "
                f"a tensor of {dtype} to the power {exponent}; cast it to a float first"
            )
        )
    if dtype is bool_ and isinstance(input, Tensor) and is_number(exponent):
        return _bool_power(input, exponent)
    made = binary(POW, input, exponent)
    if not isinstance(exponent, Tensor):
        return made
    return relabelled(made, "PowBackward1" if isinstance(input, Tensor) else "PowBackward2")


def _bool_power(input: Operand, exponent: Operand) -> Tensor:
    """A truth value to the power of another: false only where false is raised to true."""
    false, true = (operand_value(o, bool_) for o in (input, exponent))
    return apply(OR, false, builder().logical_not(true))


def maximum(input: Operand, other: Operand) -> Tensor:
    """The larger elements."""
    return widened(MAXIMUM, OR, input, _tensor("maximum", other))


def minimum(input: Operand, other: Operand) -> Tensor:
    """The smaller elements."""
    return widened(MINIMUM, AND, input, _tensor("minimum", other))


def _tensor(name: str, other: Any) -> Tensor:
    if not isinstance(other, Tensor):
        if not is_number(other):
            raise not_a_tensor(other)
        raise blame(
            TypeError(
                f"{name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__} ({other}); "
                "clamp() takes numbers"
            )
        )
    return other


def widened(op: Any, for_bool: Any, a: Operand, b: Operand) -> Tensor:
    """A binary op that has a meaning of its own for truth values."""
    return binary(for_bool if result_type(a, b) is bool_ else op, a, b)


def _refuse_bool(what: str, *operands: Operand) -> None:
    if any(o.dtype is bool_ if isinstance(o, Tensor) else isinstance(o, bool) for o in operands):
        raise blame(
            RuntimeError(
                f"{what}, the `-` operator, with a bool tensor is not supported. "
                "If you are trying to invert a mask, use the `~` or `logical_not()` operator; "
                "for the places where two masks differ use `^` or `logical_xor()`."
            )
        )


def neg(input: Tensor) -> Tensor:
    """-x."""
    _refuse_bool("Negation", input)
    return apply(rn.Neg(), read(input))


def positive(input: Tensor) -> Tensor:
    """The tensor itself."""
    if input.dtype is bool_:
        raise blame(RuntimeError("The `+` operator, on a bool tensor is not supported."))
    return input


def square(input: Tensor) -> Tensor:
    """x²."""
    return pow(input, 2)


def reciprocal(input: Tensor) -> Tensor:
    """1 / x."""
    return relabelled(div(1.0, input), "ReciprocalBackward0")


def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """input + weight·(end - input)."""
    made = add(input, mul(weight, sub(end, input)))
    return relabelled(made, f"LerpBackward{1 if isinstance(weight, Tensor) else 0}")


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value·tensor1·tensor2."""
    product = mul(tensor1, tensor2)
    return relabelled(add(input, product, alpha=value), "AddcmulBackward0")


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value·tensor1/tensor2."""
    quotient = div(tensor1, tensor2)
    return relabelled(add(input, quotient, alpha=value), "AddcdivBackward0")


AND, OR, WHERE = logic.LogicalAnd(), logic.LogicalOr(), logic.Where()
ADD, SUB, MUL, DIV, POW = ar.Add(), ar.Sub(), ar.Mul(), ar.Div(), ar.Pow()
FLOOR_DIV, REMAINDER = ar.FloorDiv(), ar.Remainder()
MAXIMUM, MINIMUM = ex.Maximum(), ex.Minimum()
multiply, subtract, divide, true_divide = mul, sub, div, div
negative = neg
