"""In-place operations: each is its out-of-place counterpart, written back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.values import Value
from . import indexing, pointwise
from .eager import builder
from .indexing import _fitted
from .location import blame
from .modes import modes
from .promotion import can_cast, is_number
from .tensor import Tensor, read, write
from .var import Var


def assign(target: Tensor, value: Tensor) -> Tensor:
    """Write a freshly computed tensor into a target, if its dtype may become the target's."""
    if not can_cast(value.dtype, target.dtype):
        raise blame(
            RuntimeError(
                f"result type {value.dtype.long_name.capitalize()} can't be cast to the desired output type "
                f"{target.dtype.long_name.capitalize()} in an in-place operation; use the out-of-place form"
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
        return assign(self, function(self, *args, **kwargs))

    method.__name__ = f"{function.__name__}_"
    method.__doc__ = f"`{function.__name__}`, in place."
    return method


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Overwrite with another tensor's values, cast and broadcast."""
    return write(self, _fitted(self, src))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite with one number."""
    number = value if is_number(value) else value.detach()
    return write(self, _fitted(self, number))


def zero_(self: Tensor) -> Tensor:
    """Overwrite with zeros."""
    return fill_(self, 0)


def detach_(self: Tensor) -> Tensor:
    """Forget how this tensor was computed."""
    var = read(self)
    own = Var(var.type, var.array, var.storage, var.name)
    if modes.trace is None:
        self._var, self._base = own, None
    else:
        modes.trace.write(self, own)
    return self


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) values at the places that index tensors name."""
    indexing._place(self, dict(enumerate(indices)), values, accumulate)
    return self


BY_NAME = {
    f"{name}_": in_place(getattr(pointwise, name))
    for name in (
        "abs", "add", "addcdiv", "addcmul", "ceil", "clamp", "cos", "div", "eq", "erf", "exp", "expm1", "floor",
        "floor_divide", "ge", "gt", "le", "lerp", "log", "log1p", "logical_not", "lt", "masked_fill", "mul", "ne",
        "neg", "pow", "reciprocal", "relu", "remainder", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square",
        "sub", "tanh", "trunc",
    )
} | {
    f"{name}_": in_place(getattr(indexing, name)) for name in ("scatter", "scatter_add", "index_add")
}  # fmt: skip
