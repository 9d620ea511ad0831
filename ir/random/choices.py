"""Discrete samples from random words: pure functions, each with the number of words it takes.

Words and longs are those of `distributions`. Formulas:

    integers        low + word mod (high − low); a long instead of a word from a range of 2²⁸ up
    seed            long mod 2⁶³
    permutation     Fisher and Yates: swap place i with place i + word mod (n − i), i = 0 … n − 2
    bernoulli       u < p, u a float64 unit; for p an array, u has the precision of p
    multinomial     with replacement: the first class whose running share reaches a float64 unit
                    without (or a single draw): the largest weight / exponential first
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .distributions import Longs, exponential, longs, uniform64, unit_uniform
from .exact_math import Floats
from .mersenne import Words
from .shuffle import shuffled

Int64s: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

WIDE_RANGE = 2**28
"""From this range on an integer takes two words: a modulus near 2³² would skew one word."""
LARGEST_PERMUTATION = 214_748_363


def words_for_integers(count: int, low: int, high: int) -> int:
    """One word an integer of a narrow range, two of a wide one."""
    return 2 * count if high - low >= WIDE_RANGE else count


def integers(words: Words, low: int, high: int) -> Int64s:
    """Int64 samples of [low, high)."""
    wide = high - low >= WIDE_RANGE
    source: Longs = longs(words) if wide else words.astype(np.uint64)
    # Both steps are modulo 2⁶⁴, so a range wider than int64 wraps to the right values.
    shifted = source % np.uint64(high - low) + np.uint64(low % 2**64)
    return shifted.view(np.int64)


def seed(words: Words) -> int:
    """A seed for another stream, 0 ≤ seed < 2⁶³, from two words."""
    return int(longs(words)[0]) % 2**63


def words_for_permutation(count: int) -> int:
    """One word for every place but the last."""
    return max(count - 1, 0)


def permutation(words: Words, count: int) -> Int64s:
    """The numbers 0 … count − 1 in random order."""
    if count == 0:
        return np.empty(0, np.int64)
    steps = (words % np.arange(count, 1, -1, dtype=np.uint32)).astype(np.int64)
    return shuffled(steps + np.arange(steps.size))


def words_for_bernoulli(count: int) -> int:
    """Two words a sample."""
    return 2 * count


def bernoulli(words: Words, probability: float) -> Bools:
    """True with the same probability everywhere."""
    return uniform64(words) < probability


def bernoulli_each(words: Words, probabilities: Floats) -> Bools:
    """True with a probability of its own for each sample (words as for a uniform of its dtype)."""
    units = unit_uniform(words, probabilities.dtype).reshape(probabilities.shape)
    return np.asarray(units < probabilities.astype(units.dtype))


def dropout_noise(words: Words, drop: float, dtype: npt.DTypeLike) -> Floats:
    """What dropout multiplies with: 0, or 1 / (1 − drop) where a sample is kept; 0 < drop < 1."""
    kept = bernoulli(words, 1.0 - drop)
    precision = np.float64 if np.dtype(dtype) == np.float64 else np.float32
    return np.asarray(kept / precision(1.0 - drop), precision).astype(dtype)


def words_for_multinomial(weights: Floats, count: int, replacement: bool) -> int:
    """Two words a draw with replacement, else two a weight, whatever the count."""
    rows = weights.size // weights.shape[-1]
    return 2 * weights.size if races(count, replacement) else 2 * rows * count


def multinomial(words: Words, weights: Floats, count: int, replacement: bool) -> Int64s:
    """`count` class numbers for each row of non-negative `weights`."""
    if races(count, replacement):
        finish = exponential(words, 1.0).reshape(weights.shape).astype(weights.dtype)
        order = np.argsort(-(weights / finish), axis=-1, kind="stable")
        return order[..., :count].astype(np.int64)
    rows = weights.reshape(-1, weights.shape[-1])
    units = uniform64(words).reshape(len(rows), count)
    picks = [_pick(row, unit) for row, unit in zip(rows, units, strict=True)]
    return np.array(picks, dtype=np.int64).reshape(*weights.shape[:-1], count)


def races(count: int, replacement: bool) -> bool:
    """Whether classes race by exponential clocks, which a single draw does in either mode."""
    return count == 1 or not replacement


def _pick(weights: Floats, units: Floats) -> Int64s:
    running = np.cumsum(weights, dtype=weights.dtype)
    shares = running / running[-1]
    return np.searchsorted(shares.astype(np.float64), units).astype(np.int64)
