"""Sums, means, products, variances, norms and truth over dimensions."""

from __future__ import annotations

import math

from ..ir.dtypes import bool_, int64, uint8
from ..ir.op import Op
from ..ir.ops import reduction as rd
from ..ir.types import normalize_dims
from ..ir.values import Value
from .arithmetic import pow, square, sub
from .choice import cast
from .eager import builder, emit
from .kinds import DTypeLike, dtype_or
from .labelled import labelled
from .location import blame, not_a_tensor
from .numpy_names import numpy_names
from .promotion import get_default_dtype, legacy_name, operand_value
from .reading import read
from .rounding import abs as absolute
from .tensor import Tensor, apply

Dim = int | tuple[int, ...] | list[int] | None


@numpy_names
def dims_of(input: Tensor, dim: Dim) -> tuple[int, ...]:
    return normalize_dims(dim, checked(input).ndim)


def checked(input: Tensor) -> Tensor:
    """A tensor, and nothing else that has a dtype and dimensions."""
    if not isinstance(input, Tensor):
        raise not_a_tensor(input)
    return input


def summable(input: Tensor, dtype: DTypeLike | None) -> Value:
    """Integers and truth values are summed as int64."""
    kind = checked(input).dtype if input.dtype.is_floating_point else int64
    return operand_value(input, dtype_or(dtype, kind))


@numpy_names
def sum(
    input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Tensor:
    """The sum, over all dimensions or some."""
    value = emit(rd.Sum(dims_of(input, dim), keepdim), summable(input, dtype))
    return labelled(value, "SumBackward0" if dim is None else "SumBackward1")


@numpy_names
def mean(
    input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Tensor:
    """The arithmetic mean."""
    kind = dtype_or(dtype, checked(input).dtype)
    if not kind.is_floating_point:
        raise blame(
            RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
                f"Got: {legacy_name(kind)}; cast it with .float() first"
            )
        )
    value = emit(rd.Mean(dims_of(input, dim), keepdim), operand_value(input, kind))
    return labelled(value, "MeanBackward0" if dim is None else "MeanBackward1")


@numpy_names
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DTypeLike | None = None
) -> Tensor:
    """The product."""
    value = emit(rd.Prod(dims_of(input, dim), keepdim), summable(input, dtype))
    return labelled(value, "ProdBackward0" if dim is None else "ProdBackward1")


@numpy_names
def var(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance, divided by the count less `correction` (1 unless said otherwise)."""
    if isinstance(dim, bool):
        return var(input, None, dim, keepdim, correction=correction)
    dims = dims_of(input, dim)
    count = builder().count(read(input).type.shape, dims)
    less = (1 if unbiased else 0) if correction is None else correction
    centred = sub(input, mean(input, dims, keepdim=True) if dims else input)
    total = sum(square(centred), dims, keepdim) if dims else square(centred)
    divisor = count - less if count > less else 0
    return labelled(builder().div(read(total), float(divisor)), "VarBackward0")


@numpy_names
def std(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation."""
    return labelled(
        _root(var(input, dim, unbiased, keepdim, correction=correction), 2), "StdBackward0"
    )


@numpy_names
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Are all elements non-zero?"""
    return _truth(rd.All(dims_of(input, dim), keepdim), input)


@numpy_names
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Is any element non-zero?"""
    return _truth(rd.Any_(dims_of(input, dim), keepdim), input)


def _truth(op: Op, input: Tensor) -> Tensor:
    """A truth value; for bytes it is a byte, as it always was in PyTorch."""
    found = apply(op, operand_value(input, bool_))
    return cast(found, uint8) if input.dtype is uint8 else found


@numpy_names
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not zero."""
    return sum(cast(input, bool_), dim)


@numpy_names
def norm(
    input: Tensor,
    p: float | str = 2,
    dim: Dim = None,
    keepdim: bool = False,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """The p-norm of the elements ("fro" is the 2-norm)."""
    x = input if dtype is None else cast(input, dtype)
    order = 2.0 if p == "fro" else float(p)
    return labelled(_norm(x, order, dim, keepdim), "LinalgVectorNormBackward0")


def _norm(x: Tensor, order: float, dim: Dim, keepdim: bool) -> Value:
    if order == math.inf:
        return emit(rd.AMax(dims_of(x, dim), keepdim), read(absolute(x)))
    if order == -math.inf:
        return emit(rd.AMin(dims_of(x, dim), keepdim), read(absolute(x)))
    if order == 0:
        return read(sum(cast(cast(x, bool_), x.dtype), dim, keepdim))
    if order == 1:
        return read(sum(absolute(x), dim, keepdim))
    total = sum(pow(absolute(x) if order != 2 else x, order), dim, keepdim)
    return _root(total, order)


def _root(total: Tensor, order: float) -> Value:
    """total^(1/order), whose slope at 0 is taken as 0."""
    b, value = builder(), read(total)
    zero = b.eq(value, 0.0)
    safe = b.where(zero, 1.0, value)
    root = b.sqrt(safe) if order == 2 else b.pow(safe, 1 / order)
    return b.where(zero, 0.0, root)


@numpy_names
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log of the sum of exponentials, without overflow."""
    kind = input.dtype if input.dtype.is_floating_point else get_default_dtype()
    return apply(rd.LogSumExp(dims_of(input, dim), keepdim), operand_value(input, kind))


@numpy_names
def var_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    dims = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, dims, keepdim)


@numpy_names
def std_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    dims = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, dims, keepdim)
