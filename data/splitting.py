"""Cutting a dataset into random parts."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..tracer.random import Generator, default_generator, randperm
from .datasets import Dataset, Subset


def random_split(
    dataset: Dataset[Any],
    lengths: Sequence[int | float],
    generator: Generator = default_generator,
) -> list[Subset[Any]]:
    """Disjoint random parts of the given lengths, or of the given fractions if these sum to one.

    A fraction's length is rounded down; the samples left over go one by one to the first parts.
    The generator draws one permutation, which is cut in order.
    """
    total = len(dataset)  # type: ignore[arg-type]
    counts = _counts(lengths, total)
    order = randperm(total, generator=generator).tolist()
    cuts = accumulate(counts, initial=0)
    return [Subset(dataset, order[start:end]) for start, end in pairwise(cuts)]


def _counts(lengths: Sequence[int | float], total: int) -> list[int]:
    if math.isclose(sum(lengths), 1) and not _whole(lengths, total):
        counts = _of_fractions(lengths, total)
    elif sum(lengths) != total:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset! "
            f"{list(lengths)} sum to {sum(lengths)}, the dataset has {total} samples. "
            f"Give lengths that sum to {total}, or fractions that sum to 1"
        )
    else:
        counts = _of_lengths(lengths)
    for place, count in enumerate(counts):
        if not count:
            warnings.warn(
                f"Length of split at index {place} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return counts


def _whole(lengths: Sequence[int | float], total: int) -> bool:
    """Whether they are the lengths of the parts of a single sample rather than fractions."""
    return total == 1 and all(isinstance(length, int) for length in lengths)


def _of_lengths(lengths: Sequence[int | float]) -> list[int]:
    for length in lengths:
        if length < 0 or length != int(length):
            raise ValueError(f"lengths must be whole and not negative, got {list(lengths)}")
    return [int(length) for length in lengths]


def _of_fractions(fractions: Sequence[float], total: int) -> list[int]:
    for place, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {place} is not between 0 and 1: {fraction}")
    counts = [math.floor(total * fraction) for fraction in fractions]
    for place in range(total - sum(counts)):
        counts[place % len(counts)] += 1
    return counts
