"""The text of each element of an array, all written in one style that suits the whole array.

Integers and booleans are written as they are. Floating-point numbers share one notation: whole
(`3.`), fixed point (`3.1416`) or scientific (`3.1416e+00`), chosen from the values that carry
information: zeros, infinities and NaNs neither choose the notation nor widen the column.
"""

import math
from dataclasses import dataclass
from itertools import compress

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from .print_options import PrintOptions

WIDEST_RATIO = 1000.0
LARGEST_FIXED = 1e8
SMALLEST_FIXED = 1e-4


@dataclass(frozen=True)
class Notation:
    """How one floating-point number is written: a format spec, and a point after whole numbers."""

    spec: str
    trailing_point: bool = False

    def write(self, value: float) -> str:
        text = format(value, self.spec)
        return text + "." if self.trailing_point and math.isfinite(value) else text


@dataclass(frozen=True)
class ElementTexts:
    """One right-aligned text per element, and the column width they were aligned to.

    A text that is longer than the column (an infinity among small whole numbers) sticks out.
    """

    texts: NDArray[np.object_]
    width: int


def element_texts(values: NDArray[np.generic], options: PrintOptions) -> ElementTexts:
    """Write every element of a boolean, integer or real array."""
    if values.dtype.kind in "biu":
        texts = [str(value) for value in values.ravel().tolist()]
        return _aligned(texts, texts, values.shape)
    if values.dtype.kind == "f" or values.dtype == ml_dtypes.bfloat16:
        with np.errstate(invalid="ignore"):
            return _float_texts(values.astype(np.float64), options)
    raise TypeError(
        f"cannot print an array of dtype {values.dtype}: tensors hold booleans, integers or "
        f"real floating-point numbers; convert it with .astype(...) first"
    )


def _float_texts(values: NDArray[np.float64], options: PrintOptions) -> ElementTexts:
    informative = np.isfinite(values) & (values != 0)
    notation = _choose_notation(np.abs(values[informative]), options)
    texts = [notation.write(value) for value in values.ravel().tolist()]
    column = list(compress(texts, informative.ravel().tolist()))
    return _aligned(texts, column, values.shape)


def _choose_notation(magnitudes: NDArray[np.float64], options: PrintOptions) -> Notation:
    if magnitudes.size == 0:
        return Notation(".0f", trailing_point=True)
    automatic = options.sci_mode is None
    if _needs_exponent(magnitudes) if automatic else options.sci_mode:
        return Notation(f".{options.precision}e")
    if np.array_equal(magnitudes, np.floor(magnitudes)):
        return Notation(".0f", trailing_point=True)
    return Notation(f".{options.precision}f")


def _needs_exponent(magnitudes: NDArray[np.float64]) -> bool:
    smallest, largest = float(magnitudes.min()), float(magnitudes.max())
    too_spread = largest / smallest > WIDEST_RATIO
    return too_spread or largest > LARGEST_FIXED or smallest < SMALLEST_FIXED


def _aligned(texts: list[str], column: list[str], shape: tuple[int, ...]) -> ElementTexts:
    """Pad all texts to the width that those of `column` need."""
    width = max(map(len, column), default=1)
    padded = np.array([text.rjust(width) for text in texts], dtype=object)
    return ElementTexts(padded.reshape(shape), width)
