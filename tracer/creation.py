"""Functions that make tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.dtypes import DType, bool_, float32, float64, int32, int64, of_numpy
from ..ir.ops.creation import Iota
from ..ir.ops.shaping import Expand
from ..ir.values import Const
from .device import check_device
from .eager import builder, emit
from .location import blame
from .modes import modes
from .promotion import check_number, get_default_dtype, is_number, number_dtype, wrapped
from .tensor import Tensor, eager_tensor, from_array, set_requires_grad, wrap
from .var import Var

Sizes = Any  # int | Sequence[int], or several ints


def tensor(
    data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor with a copy of the data."""
    check_device(device)
    made = from_array(np.array(_array(data, dtype)))
    return set_requires_grad(made) if requires_grad else made


def as_tensor(data: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
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
    return from_array(array)


def _array(data: Any, dtype: DType | None) -> np.ndarray[Any, Any]:
    """Nested lists, numbers, arrays or tensors as an array of a dtype that suits them."""
    if isinstance(data, Tensor):
        found = np.asarray(data.detach().numpy())
    elif isinstance(data, (np.ndarray, np.generic)):
        found = np.asarray(data)
    else:
        found = _numbers(data)
        if dtype is None and found.dtype.kind == "f" and not _holds_numpy(data):
            found = found.astype(get_default_dtype().numpy)
    if dtype is not None:
        if found.size and not _holds_numpy(data) and not isinstance(data, (Tensor, np.ndarray)):
            check_number(found.min().item(), dtype)
            check_number(found.max().item(), dtype)
        return found.astype(dtype.numpy)
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


def sizes(given: Sequence[Any]) -> tuple[int, ...]:
    """`(2, 3)`, `((2, 3),)` and `(Size,)` alike as a shape."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = given[0]
    shape = tuple(int(s) for s in given)
    for size in shape:
        if size < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {size}: {list(shape)}"
            )
    return shape


def full(
    size: Sizes,
    fill_value: Any,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one number."""
    check_device(device)
    number = fill_value.item() if isinstance(fill_value, (Tensor, np.generic)) else fill_value
    kind = dtype or number_dtype(number)
    if kind.is_integer:
        check_number(number, kind)
        number = wrapped(number, kind)
    shape = sizes((size,)) if isinstance(size, (tuple, list)) else sizes([size])
    if modes.trace is None:
        made = eager_tensor(np.full(shape, number, kind.numpy))
    else:
        made = wrap(emit(Expand(shape), Const(number, kind)))
    return set_requires_grad(made) if requires_grad else made


def zeros(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of zeros."""
    return full(
        sizes(size),
        0,
        dtype=dtype or get_default_dtype(),
        device=device,
        requires_grad=requires_grad,
    )


def ones(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of ones."""
    return full(
        sizes(size),
        1,
        dtype=dtype or get_default_dtype(),
        device=device,
        requires_grad=requires_grad,
    )


def empty(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor to be filled; it holds zeros until then."""
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: DType | None = None, **options: Any
) -> Tensor:
    """A tensor of one number, shaped as another."""
    return full(tuple(input.shape), fill_value, dtype=dtype or input.dtype, **options)


def zeros_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """Zeros, shaped as another tensor."""
    return full_like(input, 0, dtype=dtype, **options)


def ones_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """Ones, shaped as another tensor."""
    return full_like(input, 1, dtype=dtype, **options)


def empty_like(input: Tensor, *, dtype: DType | None = None, **options: Any) -> Tensor:
    """To be filled, shaped as another tensor."""
    return full_like(input, 0, dtype=dtype, **options)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... up to but not including end."""
    check_device(device)
    first, last = (0, start) if end is None else (start, end)
    if step == 0 or (last - first) * step < 0:
        raise blame(
            RuntimeError(
                "upper bound and lower bound inconsistent with step sign: "
                f"arange({first}, {last}, {step})"
            )
        )
    count = math.ceil((last - first) / step)
    kind = dtype or (int64 if _is_whole(first, last, step) else get_default_dtype())
    if modes.trace is None:
        made = eager_tensor(_progression(first, step, count, kind))
    else:
        made = wrap(_counted(first, step, count, kind))
    return set_requires_grad(made) if requires_grad else made


def _counted(first: float, step: float, count: int, kind: DType) -> Var:
    """What `_progression` computes, as instructions."""
    b, exact = builder(), int64 if _is_whole(first, step) else float64
    counted = b.add(b.mul(emit(Iota(count, exact)), step), first)
    made = b.cast_to(counted, kind)
    assert isinstance(made, Var)
    return made


def _is_whole(*numbers: float) -> bool:
    return all(isinstance(n, (int, np.integer)) for n in numbers)


def _progression(first: float, step: float, count: int, kind: DType) -> np.ndarray[Any, Any]:
    exact = np.dtype(np.int64 if _is_whole(first, step) else np.float64)
    counted: np.ndarray[Any, Any] = np.arange(count).astype(exact) * step + first
    return counted.astype(kind.numpy)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from start to end, both included."""
    check_device(device)
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, not {steps}")
    kind = dtype or get_default_dtype()
    made = from_array(_evenly(start, end, steps, kind))
    return set_requires_grad(made) if requires_grad else made


def _evenly(start: float, end: float, steps: int, kind: DType) -> np.ndarray[Any, Any]:
    """The first half counts up from start and the second down from end, so that both ends are exact."""
    real = kind.numpy.type if kind.is_floating_point else np.float64
    step = real((real(end) - real(start)) / max(steps - 1, 1))
    index = np.arange(steps)
    up = real(start) + step * index.astype(real)
    down = real(end) - step * (steps - 1 - index).astype(real)
    return np.where(index < steps / 2, up, down).astype(kind.numpy)


def eye(n: int, m: int | None = None, *, dtype: DType | None = None, device: Any = None) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    check_device(device)
    kind = dtype or get_default_dtype()
    if modes.trace is None:
        return eager_tensor(np.eye(n, m, dtype=kind.numpy))
    return wrap(builder().one_hot(emit(Iota(n)), classes=n if m is None else m, dtype=kind))  # type: ignore[arg-type]


def legacy(kind: DType) -> Any:
    """`FloatTensor` and its kin: from data, or of a size."""

    def make(*args: Any) -> Tensor:
        if all(isinstance(a, int) for a in args):
            return zeros(*args, dtype=kind)
        if len(args) == 1:
            return tensor(args[0], dtype=kind)
        raise TypeError(f"expected data, or a size as integers, not {args}")

    return make


FloatTensor, DoubleTensor = legacy(float32), legacy(float64)
LongTensor, IntTensor, BoolTensor = legacy(int64), legacy(int32), legacy(bool_)
