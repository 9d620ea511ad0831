"""Random streams as users mean them: seed one, then draw arrays of a shape and a distribution.

A `MersenneStream` gives for every seed the same arrays as a CPU generator of PyTorch on x86-64 with
AVX2, and moves through its words at the same pace, so scripts that mix draws agree from first to
last. It only joins the two halves: words from `mersenne`, samples of words from `distributions` and
`choices`.

The order in which a data loader draws, for whoever writes one (`g` its generator if it was given
one, `default` the global stream):

* asking a loader for an iterator takes one `fresh_seed()` from `g`, else from `default`, shuffled
  or not (it is the base seed of worker processes);
* with shuffling and `g`, the first batch takes `g.permutation(n)`; a finished epoch takes another
  `permutation(n)` of which nothing is used, at the request that finds the first one exhausted;
* with shuffling and no `g`, the first batch takes `seed = default.fresh_seed()`, and the
  permutations come from a stream of their own, `MersenneStream(seed)`;
* a random split takes one `permutation(sum of lengths)` and cuts it in order.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from . import choices, distributions
from .exact_math import Floats, fma
from .mersenne import MersenneTwister

Shape: TypeAlias = tuple[int, ...]


class MersenneStream(MersenneTwister):
    """A seeded stream of arrays."""

    def uniform(
        self,
        shape: Shape,
        dtype: npt.DTypeLike = np.float32,
        low: float = 0.0,
        high: float = 1.0,
    ) -> Floats:
        """Samples of [low, high)."""
        if not low <= high:
            raise ValueError(f"uniform needs low <= high, got low={low} and high={high}")
        words = self.draw(distributions.words_for_uniform(math.prod(shape), dtype))
        return distributions.uniform(words, dtype, low, high).reshape(shape)

    def normal(
        self,
        shape: Shape,
        dtype: npt.DTypeLike = np.float32,
        mean: float = 0.0,
        std: float = 1.0,
    ) -> Floats:
        """Normal samples: blocks of Box and Muller from sixteen samples on, pairs below."""
        if not std >= 0:
            raise ValueError(f"normal needs std >= 0, got std={std}")
        count = math.prod(shape)
        if count < distributions.BLOCK:
            few = fma(self._few_normals(count), std, mean)
            return few.astype(dtype).reshape(shape)
        words = self.draw(distributions.words_for_normal_blocks(count, dtype))
        return distributions.normal_blocks(words, count, dtype, mean, std).reshape(shape)

    def integers(
        self, low: int, high: int, shape: Shape, dtype: npt.DTypeLike = np.int64
    ) -> npt.NDArray[np.generic]:
        """Integers of [low, high)."""
        if not -(2**63) <= low < high <= 2**63:
            raise ValueError(
                f"integers needs low < high, both within int64, got low={low} and high={high}"
            )
        words = self.draw(choices.words_for_integers(math.prod(shape), low, high))
        return choices.integers(words, low, high).astype(dtype, copy=False).reshape(shape)

    def fresh_seed(self) -> int:
        """A seed for another stream: what samplers and loaders take from the global one."""
        return choices.seed(self.draw(2))

    def permutation(self, count: int) -> npt.NDArray[np.int64]:
        """The numbers 0 … count − 1 in random order."""
        if not 0 <= count <= choices.LARGEST_PERMUTATION:
            raise ValueError(
                f"a permutation has 0 to {choices.LARGEST_PERMUTATION} items, got {count}"
            )
        return choices.permutation(self.draw(choices.words_for_permutation(count)), count)

    def skip_permutation(self, count: int) -> None:
        """Draw the words of a permutation that nobody will look at."""
        self.draw(choices.words_for_permutation(count))

    def bernoulli(self, shape: Shape, probability: float) -> npt.NDArray[np.bool_]:
        """True with one probability everywhere."""
        _check_probability("bernoulli", probability)
        words = self.draw(choices.words_for_bernoulli(math.prod(shape)))
        return choices.bernoulli(words, probability).reshape(shape)

    def bernoulli_each(self, probabilities: Floats) -> npt.NDArray[np.bool_]:
        """True with a probability of its own in each place."""
        inside = (probabilities >= 0) & (probabilities <= 1)
        if not inside.all():
            _check_probability("bernoulli", float(probabilities[~inside][0]))
        count = distributions.words_for_uniform(probabilities.size, probabilities.dtype)
        return choices.bernoulli_each(self.draw(count), probabilities)

    def dropout_noise(self, shape: Shape, drop: float, dtype: npt.DTypeLike = np.float32) -> Floats:
        """What dropout multiplies its input with; dropping nothing or everything draws nothing."""
        _check_probability("dropout", drop)
        if drop in (0.0, 1.0):
            return np.full(shape, 1.0 - drop, dtype)
        words = self.draw(choices.words_for_bernoulli(math.prod(shape)))
        return choices.dropout_noise(words, drop, dtype).reshape(shape)

    def exponential(
        self, shape: Shape, dtype: npt.DTypeLike = np.float32, rate: float = 1.0
    ) -> Floats:
        """Samples with mean 1/rate."""
        if not rate > 0:
            raise ValueError(f"exponential needs rate > 0, got rate={rate}")
        samples = distributions.exponential(self.draw(2 * math.prod(shape)), rate)
        return samples.astype(dtype).reshape(shape)

    def multinomial(
        self, weights: Floats, count: int, replacement: bool = False
    ) -> npt.NDArray[np.int64]:
        """`count` class numbers for each row of weights, which need not sum to one."""
        _check_weights(weights, count, replacement)
        words = self.draw(choices.words_for_multinomial(weights, count, replacement))
        return choices.multinomial(words, weights, count, replacement)

    def _few_normals(self, count: int) -> npt.NDArray[np.float64]:
        """Standard normal samples by pairs; an odd one out is spared for the next call."""
        spare = [] if self.spare_normal is None or count == 0 else [self.spare_normal]
        needed = count - len(spare)
        pairs = distributions.normal_pairs(self.draw(distributions.words_for_normal_pairs(needed)))
        if count:
            self.spare_normal = float(pairs[-1]) if needed % 2 else None
        return np.array([*spare, *pairs[:needed]], dtype=np.float64)


def _check_probability(what: str, probability: float) -> None:
    if not 0 <= probability <= 1:
        raise ValueError(f"{what} needs a probability between 0 and 1, got {probability}")


def _check_weights(weights: Floats, count: int, replacement: bool) -> None:
    if weights.ndim not in (1, 2) or weights.shape[-1] == 0:
        raise ValueError(
            f"multinomial needs one or two dimensions with at least one class, "
            f"got weights of shape {weights.shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any(axis=-1).all()):
        raise ValueError(
            "multinomial needs weights that are finite, not negative, and not all zero in a row"
        )
    if count < 1 or (count > weights.shape[-1] and not replacement):
        raise ValueError(
            f"multinomial cannot draw {count} of {weights.shape[-1]} classes without replacement"
            if count > 0
            else f"multinomial needs at least one draw, got {count}"
        )
