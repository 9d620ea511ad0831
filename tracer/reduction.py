"""Functions that fold dimensions away, and those that work along one."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..ir.dtypes import DType, bool_, int64
from ..ir.ops import reduction as rd
from ..ir.ops import rowwise as rw
from ..ir.ops.indexing import Gather
from ..ir.types import normalize_dim, normalize_dims
from ..ir.values import Value
from .eager import builder, emit
from .location import blame
from .pointwise import abs as absolute
from .pointwise import labelled, maximum, minimum, pow, sqrt, square, sub
from .promotion import operand_value
from .tensor import Tensor, apply, read, wrap

Dim = int | tuple[int, ...] | list[int] | None


class ValuesIndices(NamedTuple):
    """What `max(dim)`, `sort` and their like return."""

    values: Tensor
    indices: Tensor


def _dims(input: Tensor, dim: Dim) -> tuple[int, ...]:
    return normalize_dims(dim, input.ndim)


def _summable(input: Tensor, dtype: DType | None) -> Value:
    """Integers and truth values are summed as int64."""
    kind = dtype or (input.dtype if input.dtype.is_floating_point else int64)
    return operand_value(input, kind)


def sum(
    input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The sum, over all dimensions or some."""
    value = emit(rd.Sum(_dims(input, dim), keepdim), _summable(input, dtype))
    return labelled(value, "SumBackward0" if dim is None else "SumBackward1")


def mean(
    input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The arithmetic mean."""
    kind = dtype or input.dtype
    if not kind.is_floating_point:
        raise blame(
            RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
                f"Got: {kind.long_name}; cast it with .float() first"
            )
        )
    value = emit(rd.Mean(_dims(input, dim), keepdim), operand_value(input, kind))
    return labelled(value, "MeanBackward0" if dim is None else "MeanBackward1")


def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The product."""
    value = emit(rd.Prod(_dims(input, dim), keepdim), _summable(input, dtype))
    return labelled(value, "ProdBackward0" if dim is None else "ProdBackward1")


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
        dim, unbiased = None, dim
    dims = _dims(input, dim)
    count = builder().count(read(input).type.shape, dims)
    less = (1 if unbiased else 0) if correction is None else correction
    centred = sub(input, mean(input, dims, keepdim=True) if dims else input)
    total = sum(square(centred), dims, keepdim) if dims else square(centred)
    divisor = count - less if count > less else 0
    return labelled(builder().div(read(total), float(divisor)), "VarBackward0")


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
        read(sqrt(var(input, dim, unbiased, keepdim, correction=correction))), "StdBackward0"
    )


def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element; equal ones share the gradient."""
    return apply(rd.AMax(_dims(input, dim), keepdim), read(input))


def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest element; equal ones share the gradient."""
    return apply(rd.AMin(_dims(input, dim), keepdim), read(input))


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; with a dim, values and indices along it; with a tensor, the larger elements."""
    if isinstance(dim, Tensor) or other is not None:
        return maximum(input, dim if other is None else other)
    if dim is None:
        return labelled(read(amax(input)), "MaxBackward1")
    return _along(input, dim, keepdim, rd.ArgMax, "MaxBackward0")


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; with a dim, values and indices along it; with a tensor, the smaller elements."""
    if isinstance(dim, Tensor) or other is not None:
        return minimum(input, dim if other is None else other)
    if dim is None:
        return labelled(read(amin(input)), "MinBackward1")
    return _along(input, dim, keepdim, rd.ArgMin, "MinBackward0")


def _along(input: Tensor, dim: int, keepdim: bool, position: Any, label: str) -> ValuesIndices:
    value = read(input)
    if value.type.rank == 0:
        return ValuesIndices(wrap(value), apply(rd.ArgMax(0), builder().reshape(value, shape=(1,))))
    place = normalize_dim(dim, value.type.rank)
    index = emit(position(place, True), value)
    found: Value = emit(Gather(place), value, index)
    indices: Value = index
    if not keepdim:
        shape = value.type.shape[:place] + value.type.shape[place + 1 :]
        found, indices = (
            builder().reshape(found, shape=shape),
            builder().reshape(index, shape=shape),
        )
    return ValuesIndices(labelled(found, label), labelled(indices, None))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element stands: in the flattened tensor, or along a dim."""
    return _position(rd.ArgMax, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element stands."""
    return _position(rd.ArgMin, input, dim, keepdim)


def _position(position: Any, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    value: Value = read(input)
    if dim is None or value.type.rank == 0:
        value = builder().reshape(value, shape=(value.type.size,))
        found = apply(position(0), value)
        return wrap(builder().reshape(read(found), shape=(1,) * input.ndim)) if keepdim else found  # type: ignore[arg-type]
    return apply(position(normalize_dim(dim, value.type.rank), keepdim), value)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Are all elements non-zero?"""
    return apply(rd.All(_dims(input, dim), keepdim), operand_value(input, bool_))


def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Is any element non-zero?"""
    return apply(rd.Any_(_dims(input, dim), keepdim), operand_value(input, bool_))


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log of the sum of exponentials, without overflow."""
    return apply(rd.LogSumExp(_dims(input, dim), keepdim), read(input))


def norm(
    input: Tensor,
    p: float | str = 2,
    dim: Dim = None,
    keepdim: bool = False,
    dtype: DType | None = None,
) -> Tensor:
    """The p-norm of the elements ("fro" is the 2-norm)."""
    x = input if dtype is None else wrap(operand_value(input, dtype))  # type: ignore[arg-type]
    order = 2.0 if p == "fro" else float(p)
    if order == float("inf"):
        return amax(absolute(x), dim, keepdim)
    if order == float("-inf"):
        return amin(absolute(x), dim, keepdim)
    if order == 0:
        return sum(wrap(builder().cast(read(x != 0), dtype=x.dtype)), dim, keepdim)  # type: ignore[arg-type]
    if order == 1:
        return sum(absolute(x), dim, keepdim)
    total = sum(pow(absolute(x) if order != 2 else x, order), dim, keepdim)
    return labelled(_root(total, order), "LinalgVectorNormBackward0")


def _root(total: Tensor, order: float) -> Value:
    """total^(1/order), whose slope at 0 is taken as 0."""
    b, value = builder(), read(total)
    zero = b.eq(value, 0.0)
    safe = b.where(zero, 1.0, value)
    root = b.sqrt(safe) if order == 2 else b.pow(safe, 1 / order)
    return b.where(zero, 0.0, root)


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running sums along a dim."""
    value = _summable(input, dtype)
    if value.type.rank == 0:
        return wrap(builder().add(value, 0))  # type: ignore[arg-type]
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
        return wrap(builder().reshape(row, shape=()))  # type: ignore[arg-type]
    return apply(op(normalize_dim(dim, value.type.rank)), value)


# ---- order


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The order that sorts along dim."""
    return sort(input, dim, descending, stable=stable).indices


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> ValuesIndices:
    """Sorted along dim, and where each element came from. The order of equal elements is always kept."""
    value = read(input)
    if value.type.rank == 0:
        return ValuesIndices(wrap(value), wrap(builder().full(value.type.with_dtype(int64), 0)))  # type: ignore[arg-type]
    place = normalize_dim(dim, value.type.rank)
    index = emit(rw.ArgSort(place, descending), value)
    return ValuesIndices(labelled(emit(Gather(place), value, index), "SortBackward0"), wrap(index))


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """The k largest (or smallest) elements along dim, in order."""
    value = read(input)
    place = normalize_dim(dim, value.type.rank)
    size = value.type.static_shape[place] if value.type.rank else 1
    if not 0 <= k <= size:
        raise blame(
            RuntimeError(f"selected index k out of range: k is {k}, but dim {dim} has size {size}")
        )
    index = emit(rw.ArgSort(place, largest), value)
    first = builder().slice(index, dim=place, start=0, stop=k)
    return ValuesIndices(
        labelled(emit(Gather(place), value, first), "TopkBackward0"), labelled(first, None)
    )
