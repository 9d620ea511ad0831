"""Choosing, bounding and converting elements."""

from __future__ import annotations

from typing import Any, overload

from ..ir.dtypes import bool_
from ..ir.op import Op
from ..ir.ops import extremes as ex
from ..ir.ops import logic
from ..ir.ops.logic import Cast
from ..ir.values import Value
from .counting import nonzero
from .eager import emit
from .kinds import DTypeLike, dtype_of
from .labelled import labelled, relabelled
from .location import blame
from .promotion import Operand, check_number, operand_value, result_type, together
from .reading import read
from .tensor import Tensor, apply


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """At least `min` and at most `max`."""
    if min is None and max is None:
        raise blame(RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None"))
    bounds = [b for b in (min, max) if b is not None]
    dtype = result_type(input, *bounds)
    value = operand_value(input, dtype)
    if min is not None:
        value = _bounded(CLAMP_MIN, OR, value, operand_value(min, dtype))
    if max is not None:
        value = _bounded(CLAMP_MAX, AND, value, operand_value(max, dtype))
    numbers = not any(isinstance(b, Tensor) for b in bounds)
    return labelled(value, "ClampBackward1" if numbers else "ClampBackward0")


def _bounded(op: Op, for_bool: Op, value: Value, bound: Value) -> Value:
    return emit(for_bool if value.type.dtype is bool_ else op, value, bound)


def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """At least `min`."""
    label = "MaximumBackward0" if isinstance(min, Tensor) else "ClampMinBackward0"
    return relabelled(clamp(input, min), label)


def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """At most `max`."""
    label = "MinimumBackward0" if isinstance(max, Tensor) else "ClampMaxBackward0"
    return relabelled(clamp(input, None, max), label)


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(condition: Tensor, input: Operand, other: Operand) -> Tensor: ...
def where(condition: Tensor, input: Operand = None, other: Operand = None) -> Any:
    """input where the condition holds, other elsewhere; the condition alone asks where it holds."""
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor):
        raise blame(
            TypeError(f"where(): the condition must be a Tensor, not {type(condition).__name__}")
        )
    if condition.dtype is not bool_:
        raise blame(
            RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{condition.dtype}; compare it with something first, such as x != 0"
            )
        )
    return apply(logic.Where(), read(condition), *together((input, other)))


def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """The value where the mask is true, input elsewhere."""
    if mask.dtype is not bool_:
        raise blame(
            RuntimeError(f"masked_fill only supports boolean masks, but the mask is {mask.dtype}")
        )
    if isinstance(value, Tensor) and value.ndim:
        raise blame(
            RuntimeError(
                "masked_fill only supports a 0-dimensional value tensor, but got one of shape "
                f"{list(value.shape)}; use where(mask, value, input)"
            )
        )
    if not isinstance(value, Tensor):
        check_number(value, input.dtype)
    fill = operand_value(value, input.dtype)
    made = apply(logic.Where(), read(mask), fill, read(input))
    return relabelled(made, f"MaskedFillBackward{1 if isinstance(value, Tensor) else 0}")


def cast(input: Tensor, dtype: DTypeLike) -> Tensor:
    """The same numbers as another dtype; the tensor itself if it has that dtype already."""
    kind = dtype_of(dtype)
    return input if input.dtype is kind else apply(Cast(kind), read(input))


CLAMP_MIN, CLAMP_MAX = ex.ClampMin(), ex.ClampMax()
AND, OR = logic.LogicalAnd(), logic.LogicalOr()
clip = clamp
