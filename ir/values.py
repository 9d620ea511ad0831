"""The IR's small nouns: values, constants, instructions. A `Func` (`func.py`) is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .dtypes import DType, Scalar
from .types import TensorType

if TYPE_CHECKING:
    from .op import Op


class Value:
    """One SSA value: a type, and a name to print it by (made unique by the printer)."""

    __slots__ = ("name", "type")

    def __init__(self, type: TensorType, name: str = "") -> None:
        self.type = type
        self.name = name

    def __repr__(self) -> str:
        return f"%{self.name or '?'}: {self.type}"


class Const(Value):
    """A number written in place as an operand (`mul(%x, 2.0)`): a rank-0 value that no instruction produces."""

    __slots__ = ("array", "number")

    def __init__(self, number: Scalar, dtype: DType) -> None:
        super().__init__(TensorType(dtype, ()))
        self.number = dtype.cast(number)
        with np.errstate(all="ignore"):
            self.array: np.ndarray[Any, Any] = np.array(self.number, dtype.numpy)
        self.array.flags.writeable = False

    @property
    def key(self) -> tuple[DType, str]:
        """Equal for numbers that print alike (0.0 and -0.0 do not; NaN does)."""
        return self.type.dtype, repr(self.number)

    def __repr__(self) -> str:
        return f"{self.number!r}:{self.type.dtype.name}"


@lru_cache(maxsize=1024, typed=True)
def _remembered(number: Scalar, dtype: DType) -> Const:
    return Const(number, dtype)


def constant(number: Scalar, dtype: DType) -> Const:
    """A constant; those that programs use again and again are made once (but 0.0 and -0.0 would be mixed up)."""
    return _remembered(number, dtype) if number else Const(number, dtype)


class Loc(NamedTuple):
    """A line of the user's source."""

    file: str
    line: int


@dataclass(frozen=True, eq=False, slots=True)
class Instr:
    """`results = op(operands)`."""

    op: Op
    operands: tuple[Value, ...]
    results: tuple[Value, ...]
    loc: Loc | None = None
    origin: Loc | None = None
    """In a backward pass: the line of the instruction whose gradient this is part of."""

    @property
    def result(self) -> Value:
        """The result of an instruction that has exactly one."""
        (only,) = self.results
        return only


class Result(NamedTuple):
    """What a Func returns: a value, and the argument whose storage it replaces (`%w.new as %w`), if any."""

    value: Value
    into: Value | None = None
