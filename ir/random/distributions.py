"""Continuous samples from random words: pure functions, each with the number of words it takes.

A word is one uint32 of the Mersenne Twister. A *long* is two words, the first one on top. Formulas,
with every product-then-sum fused into one rounding (`exact_math.fma`):

    float32 unit    u = (word mod 2²⁴) / 2²⁴                      one word
    float64 unit    u = (long mod 2⁵³) / 2⁵³                      two words
    uniform         u·(high − low) + low; a value rounded up to `high` becomes `low`
    normal blocks   sixteen units at a time, u₀…u₇ radii and u₈…u₁₅ angles:
                    √(−2 ln(1 − uᵢ)) · cos(2π uᵢ₊₈) is sample i, the same with sin is sample i + 8
    normal pairs    two float64 units: √(−2 ln(1 − u₁)) · cos(2π u₀), then the same with sin
    exponential     −(1/rate) · ln(1 − u), u a float64 unit

float16 and bfloat16 are computed as float32 and rounded at the end.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .exact_math import (
    F32,
    F64,
    Floats,
    fma,
    log1p_f64,
    log_f32,
    log_f64,
    sincos_f32,
    sincos_f64,
)
from .mersenne import Words

Longs: TypeAlias = npt.NDArray[np.uint64]

BLOCK = 16
"""Samples are normal in blocks of this many; fewer than one block are drawn as pairs."""


def longs(words: Words) -> Longs:
    """Pairs of words as uint64, the first word of a pair on top."""
    pairs = words.astype(np.uint64).reshape(-1, 2)
    combined: Longs = (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]
    return combined


def uniform32(words: Words) -> F32:
    """Float32 in [0, 1) from the low 24 bits of each word."""
    return (words & np.uint32(0xFF_FFFF)).astype(np.float32) * np.float32(2.0**-24)


def uniform64(words: Words) -> F64:
    """Float64 in [0, 1) from the low 53 bits of each long: half as many samples as words."""
    return (longs(words) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53


def words_for_uniform(count: int, dtype: npt.DTypeLike) -> int:
    """Two words a float64, one word any narrower float."""
    return 2 * count if np.dtype(dtype) == np.float64 else count


def uniform(words: Words, dtype: npt.DTypeLike, low: float, high: float) -> Floats:
    """Samples of [low, high) in `dtype`."""
    unit = unit_uniform(words, dtype)
    lowest, highest = unit.dtype.type(low), unit.dtype.type(high)
    # Scaling to [0, 1) changes no bit, and is what most callers ask for.
    scaled = unit if (low, high) == (0.0, 1.0) else fma(unit, highest - lowest, lowest)
    values = scaled.astype(dtype, copy=False)
    return np.where(values == values.dtype.type(high), values.dtype.type(low), values)


def unit_uniform(words: Words, dtype: npt.DTypeLike) -> Floats:
    """Samples of [0, 1) in the precision `dtype` computes in: float64, or else float32."""
    return uniform64(words) if np.dtype(dtype) == np.float64 else uniform32(words)


def words_for_normal_blocks(count: int, dtype: npt.DTypeLike) -> int:
    """Words for `count` ≥ 16 samples.

    A ragged end takes a fresh block for the last sixteen samples. Float32 and float64 have drawn
    the units of the ragged samples before that, the narrower types have not.
    """
    ragged = count % BLOCK
    body = count if np.dtype(dtype) in (np.float32, np.float64) else count - ragged
    return words_for_uniform(body + (BLOCK if ragged else 0), dtype)


def normal_blocks(
    words: Words, count: int, dtype: npt.DTypeLike, mean: float = 0.0, std: float = 1.0
) -> Floats:
    """`count` ≥ 16 normal samples; a fresh block overwrites the end of a ragged count."""
    units = unit_uniform(words, dtype)
    standard = normal_from_uniforms(units[: count - count % BLOCK])
    if count % BLOCK:
        last = normal_from_uniforms(units[-BLOCK:])
        standard = np.concatenate([standard[: count - BLOCK], last])
    return fma(standard, std, mean).astype(dtype, copy=False)


def normal_from_uniforms(units: Floats) -> Floats:
    """Box and Muller on blocks of sixteen float32 or float64 units, in their precision."""
    blocks = units.reshape(-1, 2, BLOCK // 2)
    remaining, turns = 1 - blocks[:, 0], blocks[:, 1]
    angle = turns * turns.dtype.type(2 * math.pi)
    in_float32 = units.dtype == np.float32
    log = log_f32(remaining) if in_float32 else log_f64(remaining)
    sin, cos = sincos_f32(angle) if in_float32 else sincos_f64(angle)
    radius = np.sqrt(-2 * log)
    return np.stack([radius * cos, radius * sin], axis=1).reshape(-1)


def words_for_normal_pairs(count: int) -> int:
    """Words for `count` samples when none is spare: four a pair, an odd count leaves one spare."""
    return 4 * ((count + 1) // 2)


def normal_pairs(words: Words) -> F64:
    """Standard normal float64 samples, two for every four words: cosine first, then sine."""
    turns, spent = uniform64(words).reshape(-1, 2).T
    radius = np.sqrt(-2 * log1p_f64(-spent))
    sin, cos = sincos_f64(turns * (2 * math.pi))
    return np.stack([radius * cos, radius * sin], axis=1).reshape(-1)


def exponential(words: Words, rate: float) -> F64:
    """Float64 samples with mean 1/rate, one for every two words."""
    return log1p_f64(-uniform64(words)) * (-1.0 / rate)
