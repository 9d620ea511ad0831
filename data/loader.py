"""`DataLoader`: a dataset in batches, shuffled or not, as often as it is iterated over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ..tracer.random import Generator, default_generator
from .batching import Indices, fetch_batch, fetch_items
from .collate import default_collate, default_convert
from .datasets import Dataset, IterableDataset
from .loader_options import check_options, check_workers
from .samplers import BatchSampler, RandomSampler, SequentialSampler, makes_pieces, regroup

Collate = Callable[[Any], Any]
T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Batches of a dataset. Equal seeds give the batches that PyTorch's loader gives.

    Everything is loaded in this process, when it is asked for. `num_workers`, `pin_memory`,
    `prefetch_factor`, `timeout`, `worker_init_fn` and the like are accepted, so that programs run
    unchanged, but no process is started: data in memory is gathered a batch at a time, which takes
    less time than handing a batch from one process to another.

    That fast path is taken for datasets with `__getbatch__` (see `batching`): `TensorDataset`,
    `MNIST`, `FashionMNIST`, `Digits`, and any `Subset` of these, unless a `collate_fn` is given.
    It changes no value. A batch never shares memory with the dataset.

    With `batch_size=None` samples are handed out one by one. An `IterableDataset` is iterated over
    once an epoch, whatever `num_workers` is.
    """

    def __init__(
        self,
        dataset: Dataset[T_co] | Iterable[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Collate | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        iterable = isinstance(dataset, IterableDataset)
        check_options(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset: Any = dataset
        self.num_workers, self.prefetch_factor = num_workers, prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.timeout, self.worker_init_fn = timeout, worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self.drop_last, self.generator = drop_last, generator
        self.batch_size = None if batch_sampler is not None else batch_size
        self.sampler: Any = self._default_sampler(shuffle) if sampler is None else sampler
        self.batch_sampler: Any = batch_sampler
        if batch_sampler is None and batch_size is not None and not iterable:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        batched = self.batch_size is not None or batch_sampler is not None
        self.collate_fn: Collate = collate_fn or (default_collate if batched else default_convert)
        self._base_seed_kept = False

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        samples = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return samples
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        self._draw_base_seed()
        if isinstance(self.dataset, IterableDataset):
            return self._stream()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[index]) for index in self.sampler)
        return map(self._fetch, self._groups())

    def _default_sampler(self, shuffle: bool | None) -> Any:
        if isinstance(self.dataset, IterableDataset):
            return None
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def _draw_base_seed(self) -> None:
        """Draw the seed that PyTorch would give its workers, so that what follows is the same.

        Workers that persist keep theirs from the first epoch.
        """
        if not self._base_seed_kept:
            (self.generator or default_generator).fresh_seed()
        self._base_seed_kept = self.persistent_workers

    def _stream(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def _groups(self) -> Iterator[Sequence[Any] | Indices]:
        """The indices of each batch; as arrays if they come from samplers that make arrays."""
        batches = self.batch_sampler
        if type(batches) is BatchSampler and makes_pieces(batches.sampler):
            return regroup(batches.sampler.pieces(), batches.batch_size, batches.drop_last)
        return iter(batches)

    def _fetch(self, group: Sequence[Any] | Indices) -> Any:
        if self.collate_fn is default_collate:
            if isinstance(group, np.ndarray):
                return fetch_batch(self.dataset, group)
            if set(map(type, group)) == {int}:
                return fetch_batch(self.dataset, np.array(group))
        indices = group.tolist() if isinstance(group, np.ndarray) else group
        return self.collate_fn(fetch_items(self.dataset, indices))


def get_worker_info() -> None:
    """Which worker process this is: none, since everything is loaded in the main process."""
    return
