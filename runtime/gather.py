"""Gather rows of an array by an index: what a shuffled batch is made with."""

from __future__ import annotations

import ctypes
import math
from functools import cache
from typing import Any

import numpy as np

from .assemble import assemble
from .gather_ir import GATHER, GATHER_IR, GATHER_SHARE_IR, rows_ahead
from .loader import LINKING, Library, load
from .pool import run

Array = np.ndarray[Any, Any]


def gather_rows(source: Array, index: Array, out: Array, parts: int = 1) -> None:
    """`out[i] = source[index[i]]`, shared among up to `parts` threads. Python's lock is released meanwhile."""
    if parts < 1:
        raise ValueError(f"rows cannot be gathered in {parts} parts; 1 is the least")
    row_bytes = row_bytes_of(source)
    check_index(index, len(source))
    _check_out(source, index, out)
    if out.size == 0:
        return
    pointers = (source.ctypes.data, index.ctypes.data, out.ctypes.data)
    request = np.array([*pointers, row_bytes, rows_ahead(row_bytes), len(index)], np.uint64)
    if parts == 1:
        _alone()(request.ctypes.data, 0, 1)
    else:
        run(_library().address(GATHER), request.ctypes.data, parts)


def row_bytes_of(source: Array) -> int:
    """The size of a row of an array whose rows lie one after the other."""
    if source.ndim == 0 or not source.flags.c_contiguous:
        raise ValueError(
            f"rows cannot be taken from an array of shape {source.shape} and strides "
            f"{source.strides}; it must be C-contiguous, with one dimension or more"
        )
    return int(math.prod(source.shape[1:]) * source.itemsize)


def check_index(index: Array, rows: int) -> None:
    """Refuse an index that compiled code cannot follow, or that leads outside."""
    if index.dtype != np.int64 or index.ndim != 1 or not index.flags.carray:
        raise ValueError(
            f"an index of rows must be a contiguous int64 array of one dimension, not "
            f"{index.dtype}{list(index.shape)} with strides {index.strides}"
        )
    if index.size and (index.min() < 0 or index.max() >= rows):
        outside = int(np.flatnonzero((index < 0) | (index >= rows))[0])
        raise IndexError(
            f"index[{outside}] is {index[outside]}, but there are {rows} rows, numbered from 0"
        )


def _check_out(source: Array, index: Array, out: Array) -> None:
    shape = (len(index), *source.shape[1:])
    if out.shape != shape or out.dtype != source.dtype or not out.flags.carray:
        raise ValueError(
            f"{len(index)} rows of {source.dtype}{list(source.shape)} need a writable C-contiguous "
            f"{source.dtype}{list(shape)}, not {out.dtype}{list(out.shape)}"
        )
    if np.may_share_memory(source, out):
        raise ValueError("rows cannot be gathered into the array that they come from")


def _library() -> Library:
    with LINKING:  # so that two threads that ask first do not make two
        return _the_library()


@cache
def _the_library() -> Library:
    return load([assemble(GATHER_SHARE_IR + GATHER_IR)], [GATHER])


@cache
def _alone() -> Any:
    address, i64 = ctypes.c_void_p, ctypes.c_int64
    return _library().function(GATHER, None, address, i64, i64)
