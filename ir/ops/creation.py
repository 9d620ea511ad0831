"""Ops that make tensors from nothing but their attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dtypes import DType, Scalar, bool_, float64, int64
from ..errors import DTypeError, require
from ..op import Array, Op, op
from ..samples import Mistake, Sample, mistake, sample
from ..types import Dim, TensorType, known
from .shaping import volume


class Source(Op):
    """No operands."""

    arity = 0

    def infer(self, *types: TensorType) -> TensorType:
        return self.type()

    def type(self) -> TensorType:
        raise NotImplementedError


@op
class Iota(Source):
    """0, 1, 2, ... up to a size."""

    name = "iota"
    size: Dim
    dtype: DType = int64

    def type(self) -> TensorType:
        return TensorType(self.dtype, (self.size,))

    def ref(self) -> Any:
        return np.arange(known(self.size)).astype(self.dtype.numpy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(5))
        yield sample(cls(3, dtype=float64))


@op
class Literal(Source):
    """A tensor written out, its elements in row order."""

    name = "literal"
    data: tuple[Scalar, ...]
    shape: tuple[int, ...]
    dtype: DType

    def type(self) -> TensorType:
        size = volume(self.shape)[0]
        require(
            len(self.data) == size,
            f"literal: {len(self.data)} elements do not fill a tensor of shape {list(self.shape)}, which has {size}",
        )
        try:
            self.ref()
        except (OverflowError, ValueError) as error:
            raise DTypeError(
                f"literal: the data do not fit in {self.dtype.name}: {error}"
            ) from None
        return TensorType(self.dtype, self.shape)

    def ref(self) -> Any:
        return np.array(self.data, self.dtype.numpy).reshape(self.shape)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((1.5, -2.0, float("inf"), 0.1, 1e-30, 3.0), (2, 3), float64))
        yield sample(cls((True, False), (2,), bool_))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls((1.0, 2.0), (3,), float64), "2 elements do not fill a tensor of shape [3]"
        )


def literal_of(array: Array, type: TensorType) -> Literal:
    """A NumPy array as a literal."""
    return Literal(tuple(array.ravel().tolist()), type.static_shape, type.dtype)
