"""Questions about tensors and dtypes that need no values."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from ..ir.dtypes import DType
from .kinds import DTypeLike, dtype_of
from .location import blame
from .promotion import get_default_dtype
from .reading import read
from .tensor import Tensor


def is_tensor(obj: Any) -> bool:
    """Is this a tensor?"""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """How many elements there are."""
    return read(input).type.size


def is_floating_point(input: Tensor) -> bool:
    """Does it hold floating-point numbers?"""
    return read(input).type.dtype.is_floating_point


class finfo:
    """The limits of a floating-point dtype (of the default one, if none is given)."""

    def __init__(self, type: DTypeLike | None = None) -> None:
        dtype = get_default_dtype() if type is None else dtype_of(type)
        if not dtype.is_floating_point:
            raise blame(
                TypeError(f"finfo() requires a floating point input type, not {dtype}; use iinfo()")
            )
        found = ml_dtypes.finfo(dtype.numpy)  # type: ignore[no-untyped-call]
        self.dtype = dtype.long_name
        self.bits = dtype.bits
        self.min, self.max, self.eps = float(found.min), float(found.max), float(found.eps)
        self.smallest_normal = self.tiny = float(found.smallest_normal)
        self.resolution = 10.0 ** -int(found.precision)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({shown}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype."""

    def __init__(self, type: DTypeLike) -> None:
        dtype = dtype_of(type)
        _check_integer(dtype)
        limits = np.iinfo(dtype.numpy)
        self.dtype = dtype.long_name
        self.bits = dtype.bits
        self.min, self.max = int(limits.min), int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _check_integer(dtype: DType) -> None:
    if not dtype.is_integer:
        raise blame(
            TypeError(
                f"iinfo() requires an integer input type, not {dtype}; use finfo() for floats"
            )
        )
