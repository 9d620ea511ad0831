"""Deterministic sample operands: what an op's `samples` and `mistakes` are written in."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .dtypes import DType, float64
from .op import Op
from .text.printer import attr_text
from .types import TensorType


class Spec(NamedTuple):
    """An operand to be made: distinct values spread over [low, high), in shuffled order."""

    shape: tuple[int, ...]
    dtype: DType = float64
    low: float = -2.0
    high: float = 2.0

    @property
    def type(self) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def array(self, position: int = 0) -> np.ndarray[Any, Any]:
        """The operand's values; `position` makes the operands of one sample differ."""
        size = int(np.prod(self.shape))
        rng = np.random.default_rng(zlib.crc32(repr((position, self)).encode()))
        spread = self.low + (self.high - self.low) * (
            np.arange(size) + 0.31 + 0.07 * position
        ) / max(size, 1)
        if not self.dtype.is_floating_point:
            spread = np.floor(spread)
        return rng.permutation(spread).reshape(self.shape).astype(self.dtype.numpy)


class Sample(NamedTuple):
    """An op with its attributes, and operands for it."""

    op: Op
    specs: tuple[Spec, ...]

    @property
    def types(self) -> tuple[TensorType, ...]:
        return tuple(s.type for s in self.specs)

    def arrays(self) -> list[np.ndarray[Any, Any]]:
        return [s.array(i) for i, s in enumerate(self.specs)]

    def __str__(self) -> str:
        attrs = [f"{k}={attr_text(v)}" for k, v in self.op.attrs().items()]
        return f"{self.op.name}({', '.join([*map(str, self.types), *attrs])})"


class Mistake(NamedTuple):
    """An op, operand types it refuses, and a piece of the text that it says."""

    op: Op
    types: tuple[TensorType, ...]
    text: str


def spec(*shape: int, dtype: DType = float64, low: float = -2.0, high: float = 2.0) -> Spec:
    return Spec(shape, dtype, low, high)


def sample(op: Op, *specs: Spec) -> Sample:
    return Sample(op, specs)


def mistake(op: Op, text: str, *specs: Spec) -> Mistake:
    return Mistake(op, tuple(s.type for s in specs), text)


def unary(op: Op, low: float = -2.0, high: float = 2.0) -> Iterator[Sample]:
    """Samples for an op of one operand with values in [low, high)."""
    for shape in ((), (5,), (2, 3), (0, 3)):
        yield sample(op, spec(*shape, low=low, high=high))


def binary(
    op: Op, low: float = -2.0, high: float = 2.0, dtype: DType = float64
) -> Iterator[Sample]:
    """Samples for an op of two broadcasting operands."""
    for left, right in (((2, 3), (2, 3)), ((2, 1, 3), (4, 1)), ((), (3,)), ((0, 2), (1, 2))):
        yield sample(op, Spec(left, dtype, low, high), Spec(right, dtype, low + 0.05, high + 0.05))
