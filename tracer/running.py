"""Functions that work along one dim and keep it."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import DType
from ..ir.ops import rowwise as rw
from ..ir.types import normalize_dim
from .eager import builder, emit
from .labelled import labelled
from .labels import default_label
from .promotion import operand_value
from .tensor import Tensor, apply
from .totals import summable


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running sums along a dim."""
    value = summable(input, dtype)
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        return labelled(builder().add(value, 0), "CumsumBackward0")
    return apply(rw.CumSum(normalize_dim(dim, value.type.rank)), value)


def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """exp(x) divided by its sum along dim."""
    return _rowwise(rw.Softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """The logarithm of the softmax."""
    return _rowwise(rw.LogSoftmax, input, dim, dtype)


def _rowwise(op: Any, input: Tensor, dim: int, dtype: DType | None) -> Tensor:
    value = operand_value(input, dtype or input.dtype)
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        row = emit(op(0), builder().reshape(value, shape=(1,)))
        return labelled(builder().reshape(row, shape=()), default_label(op.name))
    return apply(op(normalize_dim(dim, value.type.rank)), value)
