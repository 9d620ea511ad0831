"""Sorting along a dim."""

from __future__ import annotations

import math
from typing import Any

from ..ir.dtypes import bool_, int64
from ..ir.ops import rowwise as rw
from ..ir.ops.indexing import Gather
from ..ir.types import normalize_dim
from ..ir.values import Value
from . import return_types
from .copying import clone
from .eager import builder, emit
from .labelled import labelled, relabelled
from .location import blame
from .numpy_names import numpy_names
from .reading import read
from .tensor import Tensor


@numpy_names
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The order that sorts along dim."""
    return sort(input, dim, descending, stable=stable).indices


@numpy_names
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> return_types.sort:
    """Sorted along dim, and where each element came from. The order of equal elements is always kept."""
    value = read(input)
    label = "SortBackward0" if stable is None else "SortBackward1"
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        index = builder().full(value.type.with_dtype(int64), 0)
        return return_types.sort(relabelled(clone(input), label), labelled(index, None))
    place = normalize_dim(dim, value.type.rank)
    index = emit(rw.ArgSort(place, descending), value)
    found = labelled(emit(Gather(place), value, index), label)
    return return_types.sort(found, labelled(index, None))


@numpy_names
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> return_types.topk:
    """The k largest (or smallest) elements along dim, in order."""
    value = read(input)
    place = normalize_dim(dim, value.type.rank)
    size = value.type.static_shape[place] if value.type.rank else 1
    if not 0 <= k <= size:
        raise blame(
            RuntimeError(f"selected index k out of range: k is {k}, but dim {dim} has size {size}")
        )
    if value.type.rank == 0:
        row = builder().reshape(value, shape=(1,))
        found = topk(labelled(row, None), k, 0, largest)
        return return_types.topk(
            *(labelled(builder().reshape(read(f), shape=()), None) for f in found)
        )
    index = emit(rw.ArgSort(place, largest), value)
    first = builder().slice(index, dim=place, start=0, stop=k)
    return return_types.topk(
        labelled(emit(Gather(place), value, first), "TopkBackward0"), labelled(first, None)
    )


@numpy_names
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element: the lower one of two, and NaN if there is one; with a dim, values and indices along it."""
    if input.dtype is bool_:
        raise blame(NotImplementedError("median() is not for bool; cast with .int() first"))
    if dim is None:
        return _median_of_all(input)
    value, b = read(input), builder()
    place = normalize_dim(dim, value.type.rank)
    if value.type.rank == 0:
        index: Value = b.full(value.type.with_dtype(int64), 0)
        return return_types.median(relabelled(clone(input), MEDIAN), labelled(index, None))
    _check_not_empty(value, place)
    index = _median_index(value, place)
    found: Value = emit(Gather(place), value, index)
    if not keepdim:
        shape = value.type.shape[:place] + value.type.shape[place + 1 :]
        found, index = b.reshape(found, shape=shape), b.reshape(index, shape=shape)
    return return_types.median(labelled(found, MEDIAN), labelled(index, None))


def _check_not_empty(value: Value, place: int) -> None:
    if value.type.shape[place] == 0:
        raise blame(IndexError(f"median(): Expected reduction dim {place} to have non-zero size."))


def _median_index(value: Value, place: int) -> Value:
    """Where the middle element stands; the first NaN, if there is one."""
    b, middle = builder(), (value.type.static_shape[place] - 1) // 2
    order = emit(rw.ArgSort(place), value)
    index = b.slice(order, dim=place, start=middle, stop=middle + 1)
    if not value.type.dtype.is_floating_point:
        return index
    largest = b.argmax(value, dim=place, keepdim=True)
    most: Value = emit(Gather(place), value, largest)
    return b.where(b.ne(most, most), largest, index)


def _median_of_none(value: Value) -> Tensor:
    """NaN; where there is none, the least number."""
    b, kind = builder(), value.type.dtype
    if kind.is_floating_point:
        zero = b.sum(value, dims=tuple(range(value.type.rank)))
        return labelled(b.add(zero, math.nan), "MedianBackward0")
    least = -(1 << (kind.bits - 1)) if kind.is_signed else 0
    return labelled(b.full(value.type.with_shape(()), least), None)


def _median_of_all(input: Tensor) -> Tensor:
    """The middle element of all; equal ones share the gradient."""
    b, value = builder(), read(input)
    kind = value.type.dtype
    if not value.type.size:
        return _median_of_none(value)
    flat = b.reshape(value, shape=(value.type.size,))
    found: Value = emit(Gather(0), b.detach(flat), _median_index(b.detach(flat), 0))
    if not kind.is_floating_point:
        return labelled(b.reshape(found, shape=()), None)
    equal = b.logical_or(b.eq(flat, found), b.ne(found, found))
    return labelled(b.amax(b.where(equal, flat, -math.inf), dims=(0,)), "MedianBackward0")


MEDIAN = "MedianBackward1"
