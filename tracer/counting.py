"""Functions whose result's shape depends on values: where elements are, which there are, and how many of each.

A trace knows no values, so these are for eager execution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.dtypes import float32, float64
from .location import blame
from .reading import array_of
from .tensor import Tensor, from_array
from .var import Array


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the non-zero elements."""
    array = array_of(input, "nonzero()")
    places = np.nonzero(np.atleast_1d(array))
    if as_tuple:
        return tuple(from_array(p) for p in places)
    return from_array(np.stack(places, -1)[:, : array.ndim])


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements (or, with a dim, slices) in order; if asked, where each element's is, and their counts.

    They are in order whether or not `sorted` asks for it.
    """
    array = array_of(input, "unique()")
    found, inverse, counts = np.unique(
        array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    asked = [from_array(found)]
    if return_inverse:
        asked.append(from_array(inverse.reshape(array.shape if dim is None else -1)))
    if return_counts:
        asked.append(from_array(counts))
    return asked[0] if len(asked) == 1 else tuple(asked)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs; with weights, the sum of those that go with it."""
    array = array_of(input, "bincount()")
    _check_countable(input, array)
    if minlength < 0:
        raise blame(RuntimeError(f"minlength should be >= 0, but it is {minlength}"))
    if weights is None:
        return from_array(np.bincount(array, minlength=minlength).astype(np.int64))
    if weights.shape != input.shape:
        raise blame(
            RuntimeError(
                "weights should be 1-d and have the same length as input: their shape is "
                f"{list(weights.shape)}, and the input's is {list(input.shape)}"
            )
        )
    kind = float32 if weights.dtype is float32 else float64
    sums = np.bincount(array, array_of(weights, "bincount()"), minlength)
    return from_array(sums.astype(kind.numpy))


def _check_countable(input: Tensor, array: Array) -> None:
    if not input.dtype.is_integer:
        raise blame(
            NotImplementedError(f"bincount() counts integers, not {input.dtype}; cast with .long()")
        )
    if array.ndim != 1 or array.min(initial=0) < 0:
        at_fault = f"the shape is {list(array.shape)}, the smallest element {array.min(initial=0)}"
        raise blame(
            RuntimeError(f"bincount only supports 1-d non-negative integral inputs: {at_fault}")
        )
