"""The largest and the smallest elements, and where they stand."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import bool_
from ..ir.ops import reduction as rd
from ..ir.ops.indexing import Gather
from ..ir.types import normalize_dim
from ..ir.values import Value
from . import return_types
from .arithmetic import maximum, minimum
from .copying import clone
from .eager import builder, emit
from .labelled import labelled, relabelled
from .location import blame
from .numpy_names import numpy_names
from .reading import read
from .tensor import Tensor, apply, wrap
from .totals import Dim, dims_of

Answer = type[return_types.ValuesIndices]


@numpy_names
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element; equal ones share the gradient."""
    return apply(rd.AMax(dims_of(input, dim), keepdim), read(input))


@numpy_names
def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest element; equal ones share the gradient."""
    return apply(rd.AMin(dims_of(input, dim), keepdim), read(input))


@numpy_names
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; with a dim, values and indices along it; with a tensor, the larger elements.

    Where the largest element of all is NaN, so is the whole gradient (in PyTorch the NaN alone gets one).
    """
    if isinstance(dim, Tensor) or other is not None:
        return maximum(input, dim if other is None else other)
    if dim is None:
        return labelled(read(amax(input)), "MaxBackward1")
    return _along(input, dim, keepdim, return_types.max, rd.ArgMax, "MaxBackward0")


@numpy_names
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; with a dim, values and indices along it; with a tensor, the smaller elements."""
    if isinstance(dim, Tensor) or other is not None:
        return minimum(input, dim if other is None else other)
    if dim is None:
        return labelled(read(amin(input)), "MinBackward1")
    return _along(input, dim, keepdim, return_types.min, rd.ArgMin, "MinBackward0")


def _along(
    input: Tensor, dim: int, keepdim: bool, answer: Answer, position: Any, label: str
) -> return_types.ValuesIndices:
    value = read(input)
    if value.type.rank == 0:
        normalize_dim(dim, 0)
        zero = apply(rd.ArgMax(0), builder().reshape(value, shape=(1,)))
        return answer(relabelled(clone(input), label), zero)
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
    return answer(labelled(found, label), labelled(indices, None))


@numpy_names
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element stands: in the flattened tensor, or along a dim."""
    return _position(rd.ArgMax, input, dim, keepdim)


@numpy_names
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element stands."""
    return _position(rd.ArgMin, input, dim, keepdim)


def _position(position: Any, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if input.dtype is bool_:
        raise blame(
            RuntimeError(
                f"{position.name}(): does not support bool input; cast it with .int() first"
            )
        )
    if dim is not None:
        normalize_dim(dim, input.ndim)
    value: Value = read(input)
    if dim is None or value.type.rank == 0:
        value = builder().reshape(value, shape=(value.type.size,))
        found = apply(position(0), value)
        return wrap(builder().reshape(read(found), shape=(1,) * input.ndim)) if keepdim else found  # type: ignore[arg-type]
    return apply(position(normalize_dim(dim, value.type.rank), keepdim), value)
