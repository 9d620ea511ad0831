"""Samplers: the order in which a loader visits a dataset.

Each draws from its generator at the moment PyTorch's does, so that equal seeds give equal orders
even in scripts that use the same generator for other things in between (`ir.random.entropy` has the
whole sequence).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from ..tracer.random import Generator, default_generator, multinomial, randint, randperm
from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor
from .batching import Indices, speaks_for

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Something to iterate over that gives indices. Subclasses define `__iter__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(
            f"Subclasses of Sampler should implement __iter__, and {type(self).__name__} does not"
        )


class PieceSampler(Sampler[int]):
    """A sampler that makes many indices at a time, which the loader's fast path takes as arrays."""

    @abstractmethod
    def pieces(self) -> Iterator[Indices]:
        """The indices in arrays of any length, each made when the one before it is used up."""

    def __iter__(self) -> Iterator[int]:
        for piece in self.pieces():
            yield from piece.tolist()


class SequentialSampler(PieceSampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def pieces(self) -> Iterator[Indices]:
        yield np.arange(len(self))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(PieceSampler):
    """Each index once, in random order; or `num_samples` of them, with or without replacement.

    Without a generator of its own it takes a seed from the default one at the start of each round.
    """

    DRAWN_AT_ONCE = 32

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = _flag("replacement", replacement, TypeError)
        self._num_samples = num_samples
        self.generator = generator
        _positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def pieces(self) -> Iterator[Indices]:
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(default_generator.fresh_seed())
        return self._repeating(generator) if self.replacement else self._permuted(generator)

    def _repeating(self, generator: Generator) -> Iterator[Indices]:
        count = len(self.data_source)
        for start in range(0, self.num_samples, self.DRAWN_AT_ONCE):
            wanted = min(self.DRAWN_AT_ONCE, self.num_samples - start)
            yield _values(randint(count, (wanted,), generator=generator))

    def _permuted(self, generator: Generator) -> Iterator[Indices]:
        count = len(self.data_source)
        rounds, rest = divmod(self.num_samples, count)
        for _ in range(rounds):
            yield _values(randperm(count, generator=generator))
        if rest:
            yield _values(randperm(count, generator=generator))[:rest]
        else:
            # PyTorch draws one more and takes nothing of it; the generator has to move on alike.
            generator.skip_permutation(count)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[Any]):
    """Some indices, each once, in random order."""

    def __init__(self, indices: Sequence[Any], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        for place in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(PieceSampler):
    """Indices drawn in proportion to their weights, which need not sum to one."""

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.num_samples = _positive("num_samples", num_samples)
        self.replacement = _flag("replacement", replacement, ValueError)
        values = array_of(weights, "a sampler") if isinstance(weights, Tensor) else weights
        self.weights = eager_tensor(np.array(values, np.float64))
        self.generator = generator
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )

    def pieces(self) -> Iterator[Indices]:
        draw = multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield _values(draw)

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[Any]]):
    """Groups the indices of another sampler; the last group may be smaller unless dropped."""

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        self.sampler: Any = sampler
        self.batch_size = _positive("batch_size", batch_size)
        self.drop_last = _flag("drop_last", drop_last, ValueError)

    def __iter__(self) -> Iterator[list[Any]]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + bool(rest and not self.drop_last)


def makes_pieces(sampler: Any) -> bool:
    """Whether a sampler's indices can be had as arrays: its `__iter__` is not one of its own."""
    return isinstance(sampler, PieceSampler) and speaks_for(sampler, "pieces", "__iter__")


def regroup(pieces: Iterator[Indices], size: int, drop_last: bool) -> Iterator[Indices]:
    """Arrays of `size` indices; a new piece is asked for only when the last one is used up."""
    rest: Indices = np.empty(0, np.int64)
    for piece in pieces:
        joined = np.concatenate([rest, piece]) if len(rest) else piece
        whole = len(joined) - len(joined) % size
        for start in range(0, whole, size):
            yield joined[start : start + size]
        rest = joined[whole:]
    if len(rest) and not drop_last:
        yield rest


def _values(drawn: Tensor) -> Indices:
    return array_of(drawn, "a sampler")


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
    return value


def _flag(name: str, value: Any, error: type[Exception]) -> bool:
    if not isinstance(value, bool):
        raise error(f"{name} should be a boolean value, but got {name}={value}")
    return value
