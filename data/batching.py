"""Fetching many samples at once.

A dataset may offer `__getbatch__(indices)`: for an array of indices the batch that `default_collate`
would make of its samples, in memory of its own. For data in memory that is one gather instead of
many small steps, so the loader asks for it wherever the default collate is in force. Like PyTorch's,
a dataset may also offer `__getitems__(indices)`: the samples for a list of indices, as a list.

Either is used only if it speaks for the class's `__getitem__`: a subclass that changes
`__getitem__` and leaves the fast way alone would otherwise be overlooked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tracer.reading import array_of, read
from ..tracer.tensor import Tensor, eager_tensor
from .collate import default_collate

Indices = npt.NDArray[np.integer[Any]]


def fetch_batch(dataset: Any, indices: Indices) -> Any:
    """The collated samples, all at once if the dataset knows how."""
    if speaks_for(dataset, "__getbatch__", "__getitem__"):
        return dataset.__getbatch__(indices)
    return default_collate(fetch_items(dataset, indices.tolist()))


def fetch_items(dataset: Any, indices: Sequence[Any]) -> Sequence[Any]:
    """The samples one by one."""
    if speaks_for(dataset, "__getitems__", "__getitem__"):
        items: Sequence[Any] = dataset.__getitems__(list(indices))
        return items
    return [dataset[index] for index in indices]


def speaks_for(thing: Any, fast: str, slow: str) -> bool:
    """Whether `thing`'s class has the method `fast`, and nothing below it redefines `slow`."""
    for cls in type(thing).__mro__:
        if fast in vars(cls):
            return vars(cls)[fast] is not None
        if slow in vars(cls):
            return False
    return False


def gather(tensor: Tensor, indices: Indices) -> Tensor:
    """Rows of a tensor in memory of their own; gradients flow where they are asked for."""
    if read(tensor).needs_grad:
        return tensor[eager_tensor(np.asarray(indices, np.int64))]
    return eager_tensor(take_rows(array_of(tensor, "loading a batch"), indices))


def take_rows(array: npt.NDArray[Any], indices: Indices) -> npt.NDArray[Any]:
    """`array[indices]`, always a copy in plain order."""
    # For consecutive rows this was measured to be as fast as copying a slice.
    if array.flags.c_contiguous:
        return array.take(indices, axis=0)
    # `take` would first copy all of an array that is laid out otherwise.
    return np.ascontiguousarray(array[indices])
