"""Comparison and logic, element by element."""

from __future__ import annotations

import math
from typing import Any

from ..ir.dtypes import bool_
from ..ir.op import make
from ..ir.ops import logic
from ..ir.values import Const
from .arithmetic import add, binary, mul, sub
from .eager import builder
from .location import blame, not_a_tensor
from .promotion import Operand, is_number
from .reading import array_of, read
from .rounding import absolute
from .tensor import Tensor, apply


def eq(input: Operand, other: Operand) -> Tensor:
    """Where the elements are equal."""
    return binary(EQ, input, other)


def ne(input: Operand, other: Operand) -> Tensor:
    """Where they differ."""
    return binary(NE, input, other)


def lt(input: Operand, other: Operand) -> Tensor:
    """Where input is smaller."""
    return binary(LT, input, other)


def le(input: Operand, other: Operand) -> Tensor:
    """Where input is not larger."""
    return binary(LE, input, other)


def gt(input: Operand, other: Operand) -> Tensor:
    """Where input is larger."""
    return binary(GT, input, other)


def ge(input: Operand, other: Operand) -> Tensor:
    """Where input is not smaller."""
    return binary(GE, input, other)


def isnan(input: Tensor) -> Tensor:
    """Where an element is NaN."""
    return ne(input, input)


def isinf(input: Tensor) -> Tensor:
    """Where an element is infinite."""
    return eq(absolute(input), math.inf) if _may_be_infinite(input) else ne(input, input)


def isfinite(input: Tensor) -> Tensor:
    """Where an element is neither infinite nor NaN."""
    return lt(absolute(input), math.inf) if _may_be_infinite(input) else eq(input, input)


def _may_be_infinite(input: Tensor) -> bool:
    return input.dtype.is_floating_point


def isclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Tensor:
    """Where |input - other| is at most atol + rtol·|other|, or both are the same infinity."""
    if input.dtype is not other.dtype:
        raise blame(RuntimeError(f"{input.dtype} did not match {other.dtype}"))
    near = le(absolute(sub(input, other)), add(atol, absolute(mul(other, rtol))))
    close = logical_or(eq(input, other), logical_and(near, isfinite(other)))
    if equal_nan:
        close = logical_or(close, logical_and(isnan(input), isnan(other)))
    return close


def allclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> bool:
    """Are all elements close?"""
    return bool(array_of(isclose(input, other, rtol, atol, equal_nan), "allclose()").all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Have both tensors the same shape and the same elements?"""
    if input.shape != other.shape:
        return False
    return bool(array_of(eq(input, other), "equal()").all())


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
        if not is_number(input):
            raise not_a_tensor(input, "Tensor or a number")
        return Const(bool(input), bool_)
    return builder().cast_to(read(input), bool_)


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return binary(logic.LogicalAnd(), input, other)


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return binary(logic.LogicalOr(), input, other)


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """Bit by bit."""
    return binary(logic.LogicalXor(), input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """Bit by bit."""
    return apply(logic.LogicalNot(), read(input))


EQ, NE, LT, LE, GT, GE = (make(name, {}) for name in ("eq", "ne", "lt", "le", "gt", "ge"))
greater, less = gt, lt
not_equal, greater_equal, less_equal = ne, ge, le
