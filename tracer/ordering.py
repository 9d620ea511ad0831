"""Sorting along a dim."""

from __future__ import annotations

from typing import NamedTuple

from ..ir.dtypes import int64
from ..ir.ops import rowwise as rw
from ..ir.ops.indexing import Gather
from ..ir.types import normalize_dim
from .copying import clone
from .eager import builder, emit
from .labelled import labelled, relabelled
from .location import blame
from .reading import read
from .tensor import Tensor


class ValuesIndices(NamedTuple):
    """What `max(dim)`, `sort` and their like return."""

    values: Tensor
    indices: Tensor


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The order that sorts along dim."""
    return sort(input, dim, descending, stable=stable).indices


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> ValuesIndices:
    """Sorted along dim, and where each element came from. The order of equal elements is always kept."""
    value = read(input)
    label = "SortBackward0" if stable is None else "SortBackward1"
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        index = builder().full(value.type.with_dtype(int64), 0)
        return ValuesIndices(relabelled(clone(input), label), labelled(index, None))
    place = normalize_dim(dim, value.type.rank)
    index = emit(rw.ArgSort(place, descending), value)
    return ValuesIndices(labelled(emit(Gather(place), value, index), label), labelled(index, None))


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
    if value.type.rank == 0:
        row = builder().reshape(value, shape=(1,))
        found = topk(labelled(row, None), k, 0, largest)
        return ValuesIndices(*(labelled(builder().reshape(read(f), shape=()), None) for f in found))
    index = emit(rw.ArgSort(place, largest), value)
    first = builder().slice(index, dim=place, start=0, stop=k)
    return ValuesIndices(
        labelled(emit(Gather(place), value, first), "TopkBackward0"), labelled(first, None)
    )
