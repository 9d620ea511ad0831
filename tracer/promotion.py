"""PyTorch's rules for mixing dtypes.

Tensors with dimensions outrank 0-dim tensors, which outrank Python numbers, unless the lower rank brings a higher
category (bool < int < float).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.dtypes import DType, bool_, float32, int64, promote
from ..ir.values import Value, constant
from .changes import changed
from .eager import builder
from .kinds import DTypeLike, dtype_of
from .location import blame, not_a_tensor
from .reading import read
from .tensor import Tensor

Operand = Any  # Tensor | bool | int | float | NumPy scalar
_CATEGORY = {"bool": 0, "int": 1, "float": 2}
_default = [float32]


def get_default_dtype() -> DType:
    """The dtype of floating-point tensors that are made without one."""
    return _default[0]


def set_default_dtype(dtype: DTypeLike) -> None:
    kind = dtype_of(dtype)
    if not kind.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, not {kind}")
    _default[0] = kind
    changed()


_LEGACY = {
    "float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16", "int64": "Long",
    "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool",
}  # fmt: skip


def legacy_name(dtype: DType) -> str:
    """What error messages and `x.type()` call a dtype: Float, Long, ..."""
    return _LEGACY[dtype.long_name]


def number_dtype(number: Any) -> DType:
    """The dtype that a Python number counts as."""
    if isinstance(number, (bool, np.bool_)):
        return bool_
    return int64 if isinstance(number, (int, np.integer)) else get_default_dtype()


def is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.number, np.bool_))


def result_type(*operands: Operand) -> DType:
    """The dtype in which these operands meet."""
    ranks: list[DType | None] = [None, None, None]
    for operand in operands:
        place, dtype = _rank(operand)
        seen = ranks[place]
        ranks[place] = dtype if seen is None else promote(seen, dtype)
    low = _outrank(ranks[1], ranks[2])
    found = _outrank(ranks[0], low)
    assert found is not None
    return found


def _rank(operand: Operand) -> tuple[int, DType]:
    if isinstance(operand, Tensor):
        type = read(operand).type
        return (0 if type.shape else 1), type.dtype
    if not is_number(operand):
        raise not_a_tensor(operand, "Tensor or a number")
    return 2, number_dtype(operand)


def _outrank(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None or lower is None:
        return higher or lower
    if _CATEGORY[lower.kind] > _CATEGORY[higher.kind]:
        return lower
    return higher if higher.is_floating_point or higher is not bool_ else promote(higher, lower)


def promote_types(a: DType, b: DType) -> DType:
    return promote(a, b)


def can_cast(source: DType, target: DType) -> bool:
    """May a result of one dtype be written into the other without losing its category?"""
    return _CATEGORY[source.kind] <= _CATEGORY[target.kind]


def operand_value(operand: Operand, dtype: DType) -> Value:
    """An operand as a value of a dtype: a number becomes a constant."""
    if isinstance(operand, Tensor):
        value = read(operand)
        return value if value.type.dtype is dtype else builder().cast_to(value, dtype)
    if not is_number(operand):
        raise not_a_tensor(operand, "Tensor or a number")
    number = operand.item() if isinstance(operand, np.generic) else operand
    return constant(wrapped(number, dtype) if dtype.is_integer else number, dtype)


def wrapped(number: float, dtype: DType) -> int:
    """A number as an integer dtype stores it: -1 is 255 in uint8."""
    whole, span = int(number), 1 << dtype.bits
    lowest = -(span >> 1) if dtype.is_signed else 0
    return int((whole - lowest) % span + lowest)


def check_number(number: float, dtype: DType) -> None:
    """Refuse to store a number in an integer dtype that is too small for it; a minus sign wraps."""
    if not dtype.is_integer:
        return
    limit = 1 << (dtype.bits - dtype.is_signed)
    if not -limit <= number < limit:  # NaN is not, either
        raise blame(
            RuntimeError(
                f"value cannot be converted to type {dtype.long_name} without overflow: {number} is "
                f"outside {-limit} to {limit - 1}"
            )
        )


def together(operands: Sequence[Operand], *, floating: bool = False) -> Sequence[Value]:
    """Operands as values of the dtype in which they meet; `floating` makes integers the default float."""
    return _alike(*operands) or _met(operands, floating)


def _alike(first: Operand, second: Operand = None) -> Sequence[Value] | None:
    """The usual case in a hurry: two float tensors of one dtype, or one and a Python number."""
    if not isinstance(first, Tensor):
        return None
    a = read(first)
    if not a.type.dtype.is_floating_point:
        return None
    if isinstance(second, Tensor):
        b = read(second)
        return (a, b) if b.type.dtype is a.type.dtype else None
    return (a, constant(second, a.type.dtype)) if second.__class__ in (float, int) else None


def _met(operands: Sequence[Operand], floating: bool) -> list[Value]:
    dtype = result_type(*operands)
    if floating and not dtype.is_floating_point:
        dtype = get_default_dtype()
    return [operand_value(o, dtype) for o in operands]
