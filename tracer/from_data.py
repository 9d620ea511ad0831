"""Tensors made from data: numbers, nested lists, arrays and other tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.dtypes import of_numpy
from .device import check_device
from .kinds import DTypeLike, dtype_of
from .location import blame
from .promotion import check_number, get_default_dtype, is_number
from .tensor import Tensor, from_array, set_requires_grad


def tensor(
    data: Any, *, dtype: DTypeLike | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor with a copy of the data."""
    check_device(device)
    made = from_array(np.array(_array(data, dtype)))
    return set_requires_grad(made) if requires_grad else made


def as_tensor(data: Any, dtype: DTypeLike | None = None, device: Any = None) -> Tensor:
    """The data as a tensor, sharing its memory where that is possible."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray) and dtype is None:
        return from_numpy(data)
    return from_array(_array(data, dtype))


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor that shares a NumPy array's memory."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if of_numpy(array.dtype) is None:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: float64, float32, float16, "
            "bfloat16, int64, int32, int16, int8, uint8, and bool."
        )
    # A subclass would bring rules of its own along.
    return from_array(np.asarray(array))


def _array(data: Any, dtype: DTypeLike | None) -> np.ndarray[Any, Any]:
    """Nested lists, numbers, arrays or tensors as an array of a dtype that suits them."""
    kind = None if dtype is None else dtype_of(dtype)
    if isinstance(data, Tensor):
        found = np.asarray(data.detach().numpy())
    elif isinstance(data, (np.ndarray, np.generic)):
        found = np.asarray(data)
    else:
        found = _numbers(data)
        if kind is None and found.dtype.kind == "f" and not _holds_numpy(data):
            found = found.astype(get_default_dtype().numpy)
    if kind is not None:
        if found.size and not _holds_numpy(data) and not isinstance(data, (Tensor, np.ndarray)):
            check_number(found.min().item(), kind)
            check_number(found.max().item(), kind)
        return found.astype(kind.numpy)
    if of_numpy(found.dtype) is None:
        raise TypeError(f"can't convert data of type {found.dtype} to a tensor")
    return found


def _numbers(data: Any) -> np.ndarray[Any, Any]:
    """Nested lists of numbers as NumPy reads them."""
    try:
        found = np.array(_plain(data))
    except ValueError:  # lengths that differ
        raise blame(_not_numeric(data)) from None
    if found.dtype.kind in "USO":
        raise blame(_not_numeric(data))
    return found


def _plain(data: Any) -> Any:
    """Lists that hold tensors, with numbers in their place."""
    if isinstance(data, Tensor):
        return data.tolist()
    if isinstance(data, (list, tuple, range)):
        return [_plain(d) for d in data]
    return data


def _holds_numpy(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


def _not_numeric(data: Any) -> Exception:
    """What is wrong with data that NumPy could not read as numbers."""
    if isinstance(data, (list, tuple)):
        lengths = [len(d) if isinstance(d, (list, tuple)) else None for d in data]
        if len(set(lengths)) > 1:
            kind = TypeError if None in lengths else ValueError
            return kind(
                "expected sequences of equal length, but the elements have lengths "
                f"{lengths[:8]} (None: not a sequence); a tensor is rectangular"
            )
    first = _first_leaf(data)
    shown = f"{type(first).__name__} {str(first)[:60]!r}"
    if not isinstance(first, (str, bytes)):
        return RuntimeError(f"Could not infer dtype of {shown}: a tensor holds numbers")
    kind = TypeError if first is data else ValueError
    return kind(f"new(): invalid data type for a tensor: {shown}")


def _first_leaf(data: Any) -> Any:
    """The first element that is no number, or else the first one."""
    if not isinstance(data, (list, tuple)):
        return data
    leaves = [_first_leaf(d) for d in data]
    return next((x for x in leaves if not is_number(x)), leaves[0] if leaves else data)
