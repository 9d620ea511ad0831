"""Datasets: anything with `__getitem__` and `__len__`, or anything to iterate over."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from ..tracer.reading import array_of
from ..tracer.tensor import Tensor
from .batching import Indices, fetch_items, gather, speaks_for
from .collate import default_collate

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by index. Subclasses define `__getitem__`, and `__len__` if they have a length.

    Data in memory loads many times faster with `__getbatch__` too: see the module `batching`.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(
            f"Subclasses of Dataset should implement __getitem__, and {type(self).__name__} does not"
        )

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples in the order in which they come. Subclasses define `__iter__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(
            f"Subclasses of IterableDataset should implement __iter__, "
            f"and {type(self).__name__} does not"
        )


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Row i of each tensor is sample i."""

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"TensorDataset takes tensors, not {type(tensor).__name__}; "
                    f"make one with tensor(...) or from_numpy(...)"
                )
        if not tensors or not all(tensor.ndim for tensor in tensors):
            shapes = [list(tensor.shape) for tensor in tensors]
            raise IndexError(
                f"TensorDataset takes one or more tensors with a first dimension, which counts "
                f"the samples; got {len(tensors)} of shapes {shapes}"
            )
        sizes = [tensor.shape[0] for tensor in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(
                f"Size mismatch between tensors: their first dimensions are {sizes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: Indices) -> list[Tensor]:
        return [gather(tensor, indices) for tensor in self.tensors]

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class Subset(Dataset[T_co]):
    """The samples of a dataset at some of its indices."""

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[Any]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[Any]) -> Sequence[T_co]:
        return fetch_items(self.dataset, [self.indices[i] for i in indices])

    def __getbatch__(self, indices: Indices) -> Any:
        if speaks_for(self.dataset, "__getbatch__", "__getitem__"):
            return self.dataset.__getbatch__(self._outer(indices))  # type: ignore[attr-defined]
        return default_collate(self.__getitems__(indices.tolist()))

    def __len__(self) -> int:
        return len(self.indices)

    def _outer(self, indices: Indices) -> Indices:
        """The dataset's own indices, looked up at each call because the list may change."""
        mine: Any = self.indices
        if isinstance(mine, Tensor):
            mine = array_of(mine, "a subset's indices")
        if isinstance(mine, np.ndarray):
            return mine[indices]
        return np.array([mine[i] for i in indices.tolist()])


class ConcatDataset(Dataset[Any]):
    """Datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError(
                "datasets should not be an empty iterable: there is nothing to join"
            )
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError(
                "ConcatDataset does not support IterableDataset, which has no indices to continue"
            )
        self.cumulative_sizes = list(accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Any:
        place = operator.index(index)
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(
                f"index {index} is out of range for datasets of together {len(self)} samples"
            )
        which = bisect_right(self.cumulative_sizes, place)
        return self.datasets[which][place - ([0] + self.cumulative_sizes)[which]]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]
