"""Element types: one object each, with its IR name, its user-facing name and its NumPy dtype."""

from __future__ import annotations

from functools import cache
from typing import Any

import ml_dtypes
import numpy as np

Scalar = bool | int | float


class DType:
    """An element type. There is exactly one object per type, so `is` compares them."""

    __slots__ = ("bits", "is_floating_point", "kind", "long_name", "name", "numpy", "rank")

    def __init__(self, name: str, long_name: str, scalar: Any, kind: str, rank: int) -> None:
        self.name = name
        self.long_name = long_name
        self.numpy: np.dtype[Any] = np.dtype(scalar)
        self.kind = kind
        self.rank = rank
        self.bits = self.numpy.itemsize * 8
        self.is_floating_point = kind == "float"

    @property
    def is_integer(self) -> bool:
        return self.kind == "int"

    @property
    def is_complex(self) -> bool:
        return False

    @property
    def is_signed(self) -> bool:
        return self.name not in ("u8", "bool")

    @property
    def itemsize(self) -> int:
        return self.numpy.itemsize

    def cast(self, value: Scalar) -> Scalar:
        """A Python number as this type holds it, still a Python number."""
        python: type[Scalar] = {"float": float, "int": int, "bool": bool}[self.kind]
        return python(value)

    def __str__(self) -> str:
        return self.__repr__()

    def __repr__(self) -> str:
        return f"torch.{self.long_name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (by_name, (self.name,))


bool_ = DType("bool", "bool", np.bool_, "bool", 0)
uint8 = DType("u8", "uint8", np.uint8, "int", 1)
int8 = DType("i8", "int8", np.int8, "int", 1)
int16 = DType("i16", "int16", np.int16, "int", 2)
int32 = DType("i32", "int32", np.int32, "int", 3)
int64 = DType("i64", "int64", np.int64, "int", 4)
float16 = DType("f16", "float16", np.float16, "float", 5)
bfloat16 = DType("bf16", "bfloat16", ml_dtypes.bfloat16, "float", 5)
float32 = DType("f32", "float32", np.float32, "float", 6)
float64 = DType("f64", "float64", np.float64, "float", 7)

ALL = (bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64)
FLOATS = tuple(d for d in ALL if d.is_floating_point)
INTS = tuple(d for d in ALL if d.is_integer)
_BY_NAME = {d.name: d for d in ALL}
_BY_NUMPY = {d.numpy: d for d in ALL}


def by_name(name: str) -> DType:
    """The dtype that IR text calls `name`."""
    return _BY_NAME[name]


def is_name(name: str) -> bool:
    return name in _BY_NAME


def of_numpy(dtype: np.dtype[Any]) -> DType | None:
    """The dtype that holds a NumPy dtype's elements, or None where there is none (complex, strings, ...)."""
    return _BY_NUMPY.get(dtype)


@cache
def promote(a: DType, b: DType) -> DType:
    """The smallest type that holds both, by PyTorch's table (which never leaves the higher category)."""
    if a is b:
        return a
    low, high = sorted((a, b), key=lambda d: d.rank)
    if low.rank < high.rank:
        return int16 if {low, high} == {uint8, int8} else high
    return float32 if high.is_floating_point else int16  # f16 with bf16; u8 with i8
