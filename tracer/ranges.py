"""Numbers at even steps, and the identity matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ir.dtypes import DType, float64, int64
from ..ir.ops.creation import Iota
from .device import check_device
from .eager import builder, emit
from .kinds import DTypeLike, dtype_or
from .location import blame
from .modes import modes
from .promotion import get_default_dtype
from .tensor import Tensor, eager_tensor, from_array, set_requires_grad, wrap
from .var import Var


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: DTypeLike | None = None,
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
    kind = dtype_or(dtype, int64 if _is_whole(first, last, step) else get_default_dtype())
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
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from start to end, both included."""
    check_device(device)
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, not {steps}")
    kind = dtype_or(dtype, get_default_dtype())
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


def eye(
    n: int, m: int | None = None, *, dtype: DTypeLike | None = None, device: Any = None
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    check_device(device)
    kind = dtype_or(dtype, get_default_dtype())
    if modes.trace is None:
        return eager_tensor(np.eye(n, m, dtype=kind.numpy))
    return wrap(builder().one_hot(emit(Iota(n)), classes=n if m is None else m, dtype=kind))  # type: ignore[arg-type]
