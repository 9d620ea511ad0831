"""Functions that work along one dim and keep it."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from ..ir.dtypes import bfloat16, float16, float32, float64
from ..ir.ops import rowwise as rw
from ..ir.types import normalize_dim
from .eager import builder, emit
from .kinds import DTypeLike, dtype_or
from .labelled import labelled
from .labels import default_label
from .numpy_names import numpy_names
from .promotion import operand_value
from .tensor import Tensor, apply
from .totals import summable

WIDER = {float16: float32, bfloat16: float32, float32: float64}
"""What running products are kept in."""


@numpy_names
def cumsum(input: Tensor, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Running sums along a dim."""
    value = summable(input, dtype)
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        return labelled(builder().add(value, 0), "CumsumBackward0")
    return apply(rw.CumSum(normalize_dim(dim, value.type.rank)), value)


@numpy_names
def cumprod(input: Tensor, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Running products along a dim, one multiplication after the other in a wider dtype."""
    b, value = builder(), summable(input, dtype)
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        return labelled(b.mul(value, 1), "CumprodBackward0")
    place, kind = normalize_dim(dim, value.type.rank), value.type.dtype
    wide = b.cast_to(value, WIDER.get(kind, kind))
    steps = [
        b.slice(wide, dim=place, start=i, stop=i + 1) for i in range(value.type.static_shape[place])
    ]
    products = list(accumulate(steps, b.mul)) or [wide]
    joined = b.cat(*products, dim=place) if len(products) > 1 else b.mul(products[0], 1)
    return labelled(b.cast_to(joined, kind), "CumprodBackward0")


@numpy_names
def softmax(input: Tensor, dim: int, dtype: DTypeLike | None = None) -> Tensor:
    """exp(x) divided by its sum along dim."""
    return _rowwise(rw.Softmax, input, dim, dtype)


@numpy_names
def log_softmax(input: Tensor, dim: int, dtype: DTypeLike | None = None) -> Tensor:
    """The logarithm of the softmax."""
    return _rowwise(rw.LogSoftmax, input, dim, dtype)


def _rowwise(op: Any, input: Tensor, dim: int, dtype: DTypeLike | None) -> Tensor:
    value = operand_value(input, dtype_or(dtype, input.dtype))
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        row = emit(op(0), builder().reshape(value, shape=(1,)))
        return labelled(builder().reshape(row, shape=()), default_label(op.name))
    return apply(op(normalize_dim(dim, value.type.rank)), value)
