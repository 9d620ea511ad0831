"""How elements are put together: where a fold starts, and how two partial results become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....ir.dtypes import DType, Scalar
from ..vector import Vector
from ..vector.arithmetic import add, bitwise, compare, like, maximum, minimum, multiply

Join = Callable[[Any, Vector, Vector], Vector]


@dataclass(frozen=True)
class Fold:
    """An operation that is associative but for rounding, and what it leaves unchanged."""

    start: Callable[[DType], Scalar]
    join: Join
    rounds: bool = False
    """Is the result better the fewer of them follow each other?"""


def lowest(dtype: DType) -> Scalar:
    """What nothing is below."""
    if dtype.is_floating_point:
        return -np.inf
    return False if dtype.kind == "bool" else int(np.iinfo(dtype.numpy).min)


def highest(dtype: DType) -> Scalar:
    """What nothing is above."""
    if dtype.is_floating_point:
        return np.inf
    return True if dtype.kind == "bool" else int(np.iinfo(dtype.numpy).max)


def _larger(builder: Any, x: Vector, y: Vector) -> Vector:
    """One instruction on x86; NaN may be lost."""
    return like(x, builder.select(compare(builder, ">", y, x).value, y.value, x.value))


SUM = Fold(lambda dtype: 0, add, rounds=True)
PRODUCT = Fold(lambda dtype: 1, multiply, rounds=True)
LARGEST = Fold(lowest, maximum)
SMALLEST = Fold(highest, minimum)
ALL = Fold(lambda dtype: True, lambda b, x, y: bitwise(b, "and_", x, y))
ANY = Fold(lambda dtype: False, lambda b, x, y: bitwise(b, "or_", x, y))
TOP = Fold(lowest, _larger)
"""The largest number, for those who subtract it before they take powers: NaN shows in the powers anyway."""
