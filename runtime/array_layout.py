"""Where NumPy keeps an array's type, shape, flags and data, so that compiled code can look there.

The offsets belong to NumPy's binary interface for C programs on 64-bit systems. They are checked against a known array
before any code relies on them.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np

from .object_layout import pointer_at

Array = np.ndarray[Any, Any]

# In every Python object.
OBJECT_TYPE = 8
# In an array.
DATA, NDIM, SHAPE, DESCRIPTION, FLAGS = 16, 24, 32, 56, 64
# In a dtype.
BYTE_ORDER, TYPE_NUMBER = 26, 28

C_CONTIGUOUS, ALIGNED, WRITEABLE = 0x1, 0x100, 0x400
FOREIGN_ORDER = ord(">" if sys.byteorder == "little" else "<")


@cache
def layout_is_known() -> bool:
    """Whether arrays in this process look as compiled code expects."""
    probe = np.arange(30, dtype=np.int32).reshape(2, 3, 5)
    frozen = probe[:, 1:, ::2]
    frozen.flags.writeable = False
    swapped = np.zeros((7,), np.dtype(np.float64).newbyteorder("S"))
    return ctypes.sizeof(ctypes.c_void_p) == 8 and all(
        _reads_back(array) for array in (probe, frozen, swapped)
    )


def _reads_back(array: Array) -> bool:
    at = id(array)
    if pointer_at(at + OBJECT_TYPE) != id(np.ndarray) or _int32(at + NDIM) != array.ndim:
        return False
    if (
        pointer_at(at + DESCRIPTION) != id(array.dtype)
        or pointer_at(at + DATA) != array.ctypes.data
    ):
        return False
    shape_at = pointer_at(at + SHAPE)
    shape = tuple(pointer_at(shape_at + 8 * axis) for axis in range(array.ndim))
    return shape == array.shape and _flags_read_back(array) and _dtype_reads_back(array)


def _flags_read_back(array: Array) -> bool:
    known = C_CONTIGUOUS | ALIGNED | WRITEABLE
    expected = (
        C_CONTIGUOUS * array.flags.c_contiguous
        | ALIGNED * array.flags.aligned
        | WRITEABLE * array.flags.writeable
    )
    return bool(_int32(id(array) + FLAGS) & known == expected)


def _dtype_reads_back(array: Array) -> bool:
    at = id(array.dtype)
    foreign = ctypes.c_uint8.from_address(at + BYTE_ORDER).value == FOREIGN_ORDER
    number_reads_back = _int32(at + TYPE_NUMBER) == array.dtype.num
    return number_reads_back and foreign != bool(array.dtype.isnative)


def _int32(address: int) -> int:
    return ctypes.c_int32.from_address(address).value
