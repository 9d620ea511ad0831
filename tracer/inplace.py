"""In-place operations: each is its out-of-place counterpart, written back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.values import Value
from . import indexing, pointwise
from .copying import clone
from .creation import as_tensor
from .eager import builder
from .joining import tril, triu
from .location import blame
from .modes import modes
from .products import addmm
from .promotion import can_cast, check_number, is_number, legacy_name
from .reading import read
from .running import cumprod, cumsum
from .subscript import fitted, place, replacing
from .tensor import Tensor
from .var import Var
from .writing import forget, write


def assign(target: Tensor, value: Tensor) -> Tensor:
    """Write a freshly computed tensor into a target, if its dtype may become the target's."""
    if not can_cast(value.dtype, target.dtype):
        raise blame(
            RuntimeError(
                f"result type {legacy_name(value.dtype)} can't be cast to the desired output type "
                f"{legacy_name(target.dtype)} in an in-place operation; use the out-of-place form"
            )
        )
    if value.shape != target.shape:
        raise blame(
            RuntimeError(
                f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(value.shape)}"
            )
        )
    return write(target, _fresh(builder().cast_to(read(value), target.dtype)))


def _fresh(value: Value) -> Var:
    assert isinstance(value, Var)
    return value


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The in-place form of a function of tensors."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        before = _kept(self, *args, *kwargs.values())
        others = [before if a is self else a for a in args]
        return assign(self, function(before, *others, **kwargs))

    method.__name__ = f"{function.__name__}_"
    method.__doc__ = f"`{function.__name__}`, in place."
    return method


def _kept(self: Tensor, *others: Any) -> Tensor:
    """What gradients are to see of a tensor that is about to be overwritten: a copy, if one may be asked for."""
    if not modes.grad or modes.trace is not None:
        return self
    recorded = any(read(t).needs_grad for t in (self, *others) if isinstance(t, Tensor))
    return clone(self) if recorded else self


def augmented(function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """`x += other` and its like."""

    def method(self: Tensor, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            other = as_tensor(other)
        elif not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented
        before = _kept(self, other)
        return assign(self, function(before, before if other is self else other))

    return method


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Overwrite with another tensor's values, cast and broadcast."""
    return write(self, replacing(self, fitted(self, src), "CopyBackwards"))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite with one number."""
    return _filled(self, value, "FillBackward0")


def _filled(self: Tensor, value: Any, label: str) -> Tensor:
    if isinstance(value, Tensor):
        if value.ndim:
            raise blame(
                RuntimeError(
                    "fill_ only supports 0-dimension value tensor but got tensor with "
                    f"{value.ndim} dimensions; use copy_()"
                )
            )
    else:
        check_number(value, self.dtype)
    return write(self, replacing(self, fitted(self, value), label))


def zero_(self: Tensor) -> Tensor:
    """Overwrite with zeros."""
    return _filled(self, 0, "ZeroBackward0")


def detach_(self: Tensor) -> Tensor:
    """Forget how this tensor was computed."""
    return forget(self)


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) values at the places that index tensors name."""
    place(self, dict(enumerate(indices)), values, accumulate)
    return self


BY_NAME = {
    f"{name}_": in_place(getattr(pointwise, name))
    for name in (
        "abs", "absolute", "add", "addcdiv", "addcmul", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor",
        "ceil", "clamp", "clamp_max", "clamp_min", "clip", "cos", "div", "eq", "erf", "exp", "expm1", "floor",
        "floor_divide", "fmod", "ge", "gt", "le", "lerp", "log", "log10", "log1p", "log2", "logical_and",
        "logical_not", "logical_or", "logical_xor", "lt", "masked_fill", "mul", "ne",
        "neg", "pow", "reciprocal", "relu", "remainder", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square",
        "sub", "tan", "tanh", "trunc",
    )
} | {
    f"{name}_": in_place(getattr(indexing, name))
    for name in ("scatter", "scatter_add", "index_add", "index_copy", "index_fill")
} | {
    "cumprod_": in_place(cumprod),
    "cumsum_": in_place(cumsum), "tril_": in_place(tril), "triu_": in_place(triu), "addmm_": in_place(addmm),
}  # fmt: skip
