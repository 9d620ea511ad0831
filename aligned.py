"""Memory for programs: NumPy arrays whose data begins on a cache line, which is also the widest vector.

Any floor may import this room, because it imports nothing of ours.

With TAPEOUT_POISON=1 fresh memory is filled with NaN (-1 for integers), so that a program that reads what it never
wrote is found out.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ALIGNMENT = 64
PAGE = 4096
POISON = "TAPEOUT_POISON"
# All bits set is a NaN in every floating type, whatever its width.
_POISON_BYTE = 0xFF


def arena(size: int) -> Array:
    """`size` bytes, aligned, of unspecified content."""
    if size < 0:
        raise ValueError(
            f"an arena of {size} bytes cannot be allocated; its size must be 0 or more"
        )
    whole = np.empty(size + ALIGNMENT, np.uint8)
    start = -whole.ctypes.data % ALIGNMENT
    aligned = whole[start:][:size]  # in two steps: NumPy lets an empty slice begin anywhere
    if _poisoning():
        aligned.fill(_POISON_BYTE)
    return aligned


def aligned_empty(shape: Sequence[int], dtype: Any) -> Array:
    """An aligned C-contiguous array of unspecified content."""
    element = np.dtype(dtype)
    empty: Array = arena(math.prod(shape) * element.itemsize).view(element)
    return empty.reshape(tuple(shape))


def filled(shape: Sequence[int], number: Any, dtype: Any) -> Array:
    """An array of one number, which a program may work on for long: aligned, unless it is small."""
    if math.prod(shape) * np.dtype(dtype).itemsize < PAGE:
        return np.full(shape, number, dtype)
    array = aligned_empty(shape, dtype)
    array.fill(number)
    return array


def aligned_copy(source: Array) -> Array:
    """An aligned C-contiguous copy."""
    copy = aligned_empty(source.shape, source.dtype)
    copy[...] = source
    return copy


def is_aligned(array: Array) -> bool:
    """Whether an array's data begins on a cache line."""
    return bool(array.ctypes.data % ALIGNMENT == 0)


def _poisoning() -> bool:
    return os.environ.get(POISON, "0") not in ("", "0")
