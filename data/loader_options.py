"""Which options of a loader go together, and errors for those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def check_options(
    iterable: bool,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: Iterable[Any] | None,
    batch_sampler: Iterable[Any] | None,
    drop_last: bool,
) -> None:
    """Refuse what contradicts itself."""
    if iterable:
        _check_iterable(shuffle, sampler, batch_sampler)
    if sampler is not None and shuffle:
        raise ValueError(
            "sampler option is mutually exclusive with shuffle: the sampler alone decides on the "
            "order. Drop shuffle=True, or drop the sampler"
        )
    if batch_sampler is not None:
        _check_batch_sampler(batch_size, shuffle, sampler, drop_last)
    elif batch_size is None:
        if drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last: there are no batches that could be incomplete"
            )
    else:
        _check_batch_size(batch_size)


def check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    """Refuse what PyTorch refuses, though no worker is ever started."""
    if num_workers < 0:
        raise ValueError(
            f"num_workers option should be non-negative, got {num_workers}; use num_workers=0 to "
            f"disable multiprocessing"
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got {timeout}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            f"prefetch_factor option could only be specified with num_workers > 0, "
            f"got prefetch_factor={prefetch_factor} and num_workers=0"
        )
    if num_workers == 0 and persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0, got num_workers=0")


def _check_iterable(
    shuffle: bool | None, sampler: Iterable[Any] | None, batch_sampler: Iterable[Any] | None
) -> None:
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}. The dataset's own __iter__ decides on the order"
            )


def _check_batch_sampler(
    batch_size: int | None, shuffle: bool | None, sampler: Iterable[Any] | None, drop_last: bool
) -> None:
    if batch_size != 1 or shuffle or sampler is not None or drop_last:
        raise ValueError(
            f"batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
            f"drop_last, which it decides on itself; got batch_size={batch_size}, "
            f"shuffle={shuffle}, sampler={sampler}, drop_last={drop_last}"
        )


def _check_batch_size(batch_size: Any) -> None:
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
        raise ValueError(
            f"batch_size should be a positive integer value, but got batch_size={batch_size}"
        )
