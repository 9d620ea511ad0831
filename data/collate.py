"""Many samples as one batch: what a data loader does with the samples it fetched."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from ..tracer.creation import as_tensor, tensor
from ..tracer.joining import stack
from ..tracer.modes import is_tracing
from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor

Convert = Callable[[Any], Any]


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack what can be stacked: tensors, arrays and numbers become tensors with a batch dimension.

    Dictionaries, named tuples, lists and tuples keep their form (a plain tuple becomes a list) and
    hold batches of their parts; strings and bytes stay a list of strings or bytes.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stack_tensors(batch)
    if isinstance(first, np.ndarray | np.generic) and not isinstance(first, str | bytes):
        return _stack_arrays(batch)
    if isinstance(first, bool | int | float):
        return _stack_numbers(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        parts = {key: default_collate([sample[key] for sample in batch]) for key in first}
        return _mapping_like(first, parts)
    if isinstance(first, Sequence):
        return _collate_sequences(batch)
    raise _uncollatable(type(first).__name__)


def default_convert(sample: Any) -> Any:
    """One sample as it is handed out where batching is off: its arrays become tensors."""
    if isinstance(sample, np.ndarray | np.generic) and sample.dtype.kind not in "SUO":
        return as_tensor(sample)
    if isinstance(sample, Mapping):
        return _mapping_like(sample, {key: default_convert(part) for key, part in sample.items()})
    if isinstance(sample, Sequence) and not isinstance(sample, str | bytes):
        parts = [default_convert(part) for part in sample]
        return parts if type(sample) is tuple else _sequence_like(sample, parts)
    return sample


def _stack_tensors(batch: Sequence[Any]) -> Tensor:
    if is_tracing() or any(not isinstance(t, Tensor) or t.requires_grad for t in batch):
        return stack(list(batch))
    arrays = [array_of(tensor, "collating") for tensor in batch]
    if len({(array.shape, array.dtype) for array in arrays}) > 1:
        return stack(list(batch))  # which promotes, or says what does not fit
    return eager_tensor(np.stack(arrays))


def _stack_arrays(batch: Sequence[Any]) -> Tensor:
    if batch[0].dtype.kind in "SUO":
        raise _uncollatable(f"an array of {batch[0].dtype}")
    return _stack_tensors([as_tensor(np.asarray(sample)) for sample in batch])


def _stack_numbers(batch: Sequence[Any]) -> Tensor:
    for number in batch:
        if not isinstance(number, bool | int | float | np.number):
            raise _uncollatable(f"{type(number).__name__} among numbers")
    # Floats keep their double precision here, which `tensor` would not.
    return tensor(np.array(batch, np.float64) if isinstance(batch[0], float) else list(batch))


def _collate_sequences(batch: Sequence[Any]) -> Any:
    lengths = [len(sample) for sample in batch]
    if len(set(lengths)) > 1:
        raise RuntimeError(
            f"each element in list of batch should be of equal size, but the samples of this batch "
            f"have lengths {lengths[:8]}; pad them, or give the loader a collate_fn of your own"
        )
    parts = [default_collate(part) for part in zip(*batch, strict=True)]
    return parts if type(batch[0]) is tuple else _sequence_like(batch[0], parts)


def _mapping_like(like: Mapping[Any, Any], parts: dict[Any, Any]) -> Any:
    """The parts in a mapping of the same type, if such a mapping can be changed."""
    if not isinstance(like, MutableMapping):
        return parts
    twin = copy.copy(like)
    twin.update(parts)
    return twin


def _sequence_like(like: Sequence[Any], parts: list[Any]) -> Any:
    """The parts in a sequence of the same type, if it can be made of them."""
    if hasattr(like, "_fields"):  # a named tuple
        return type(like)(*parts)
    if isinstance(like, range):
        return parts
    try:
        return type(like)(parts)  # type: ignore[call-arg]
    except TypeError:
        return parts


def _uncollatable(found: str) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {found}. Convert the samples in the dataset (or its transform), or give the loader "
        f"a collate_fn that makes a batch of them"
    )
