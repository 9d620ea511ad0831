"""Tensors of a shape that hold one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..aligned import filled
from ..ir.ops.shaping import Expand
from ..ir.values import Const
from .device import check_device
from .eager import emit
from .kinds import DTypeLike, dtype_or
from .location import type_shown
from .modes import modes
from .promotion import check_number, get_default_dtype, number_dtype, wrapped
from .tensor import Tensor, eager_tensor, set_requires_grad, wrap

Sizes = Any  # int | Sequence[int], or several ints


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


def asked_sizes(name: str, given: Sequence[Any], size: Sequence[int] | None) -> tuple[int, ...]:
    """A shape given as arguments or by the keyword `size`."""
    if size is not None and given:
        raise TypeError(f"{name}() got multiple values for argument 'size'")
    if size is not None and not isinstance(size, (tuple, list)):
        raise TypeError(f"{name}(): argument 'size' must be tuple of ints, not {type_shown(size)}")
    if size is None and not given:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    return sizes(given if size is None else (size,))


def full(
    size: Sizes,
    fill_value: Any,
    *,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one number."""
    check_device(device)
    number = fill_value.item() if isinstance(fill_value, (Tensor, np.generic)) else fill_value
    kind = dtype_or(dtype, number_dtype(number))
    if kind.is_integer:
        check_number(number, kind)
        number = wrapped(number, kind)
    shape = sizes((size,)) if isinstance(size, (tuple, list)) else sizes([size])
    if modes.trace is None:
        made = eager_tensor(filled(shape, number, kind.numpy))
    else:
        made = wrap(emit(Expand(shape), Const(number, kind)))
    return set_requires_grad(made) if requires_grad else made


def zeros(
    *shape: Any,
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of zeros."""
    return full(
        asked_sizes("zeros", shape, size),
        0,
        dtype=dtype_or(dtype, get_default_dtype()),
        device=device,
        requires_grad=requires_grad,
    )


def ones(
    *shape: Any,
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of ones."""
    return full(
        asked_sizes("ones", shape, size),
        1,
        dtype=dtype_or(dtype, get_default_dtype()),
        device=device,
        requires_grad=requires_grad,
    )


def empty(
    *shape: Any,
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor to be filled; it holds zeros until then."""
    return zeros(
        asked_sizes("empty", shape, size),
        dtype=dtype,
        device=device,
        requires_grad=requires_grad,
    )


def full_like(
    input: Tensor, fill_value: Any, *, dtype: DTypeLike | None = None, **options: Any
) -> Tensor:
    """A tensor of one number, shaped as another."""
    return full(tuple(input.shape), fill_value, dtype=dtype_or(dtype, input.dtype), **options)


def zeros_like(input: Tensor, *, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Zeros, shaped as another tensor."""
    return full_like(input, 0, dtype=dtype, **options)


def ones_like(input: Tensor, *, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Ones, shaped as another tensor."""
    return full_like(input, 1, dtype=dtype, **options)


def empty_like(input: Tensor, *, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """To be filled, shaped as another tensor."""
    return full_like(input, 0, dtype=dtype, **options)
