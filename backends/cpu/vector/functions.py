"""The names and operators that scalar expressions may use, with the code that each one stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....ir.dtypes import ALL, DType
from . import arithmetic, math
from .convert import cast
from .division import floor_div, remainder
from .kinds import Vector, real
from .real import Real

Emitter = Callable[..., Vector]


def _smooth(function: Callable[..., Real]) -> Emitter:
    """A function on floats as one on vectors."""

    def emit(builder: Any, *operands: Vector) -> Vector:
        found = function(*(real(builder, o) for o in operands))
        return arithmetic.like(operands[0], found.value)

    return emit


def _power(builder: Any, x: Vector, y: Vector) -> Vector:
    if x.dtype.is_floating_point:
        return _smooth(math.pow)(builder, x, y)
    return arithmetic.integer_power(builder, x, y)


def _cast(dtype: DType) -> Emitter:
    return lambda builder, x: cast(builder, x, dtype)


def _compare(how: str) -> Emitter:
    return lambda builder, x, y: arithmetic.compare(builder, how, x, y)


def _bitwise(how: str) -> Emitter:
    return lambda builder, x, y: arithmetic.bitwise(builder, how, x, y)


def _rounding(how: str) -> Emitter:
    return lambda builder, x: arithmetic.rounding(builder, how, x)


FUNCTIONS: Mapping[str, Emitter] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "&": _bitwise("and_"),
    "|": _bitwise("or_"),
    "^": _bitwise("xor"),
    **{how: _compare(how) for how in ("==", "!=", "<", "<=", ">", ">=")},
    **{how: _rounding(how) for how in ("floor", "ceil", "rint")},
    **{f"cast_{dtype.name}": _cast(dtype) for dtype in ALL},
    "negative": arithmetic.negative,
    "invert": arithmetic.invert,
    "abs": arithmetic.absolute,
    "sign": arithmetic.sign,
    "maximum": arithmetic.maximum,
    "minimum": arithmetic.minimum,
    "where": arithmetic.where,
    "floor_div": floor_div,
    "remainder": remainder,
    "pow": _power,
    "sqrt": _smooth(Real.sqrt),
    **{
        function.__name__: _smooth(function)
        for function in (
            math.exp,
            math.expm1,
            math.log,
            math.log1p,
            math.sin,
            math.cos,
            math.tanh,
            math.sigmoid,
            math.erf,
        )
    },
}
