"""What may be given where a dtype is asked for: a dtype, or the Python type that it stands for."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import DType, bool_, float64, int64
from .location import blame, type_shown

DTypeLike = DType | type[bool] | type[int] | type[float]
PYTHON: dict[Any, DType] = {float: float64, int: int64, bool: bool_}


def dtype_of(given: DTypeLike) -> DType:
    """The dtype meant: `float` is float64, `int` is int64, `bool` is bool."""
    if given.__class__ is DType:
        return given
    found = PYTHON.get(given) if isinstance(given, type) else None
    if found is None:
        raise blame(
            TypeError(
                f"argument 'dtype' must be torch.dtype, not {type_shown(given)} ({given!r}); "
                "write it as torch.float32, torch.int64, ..."
            )
        )
    return found


def dtype_or(given: DTypeLike | None, otherwise: DType) -> DType:
    """The dtype meant, or another one where none is given."""
    return otherwise if given is None else dtype_of(given)
