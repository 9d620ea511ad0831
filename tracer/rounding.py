"""Sign, size and rounding, element by element."""

from __future__ import annotations

from ..ir.dtypes import bool_
from ..ir.ops import logic
from ..ir.ops import rounding as rn
from .arithmetic import div, mul
from .copying import clone
from .eager import builder
from .labelled import relabelled
from .reading import read
from .tensor import Tensor, apply


def abs(input: Tensor) -> Tensor:
    """|x|."""
    return apply(rn.Abs(), read(input))


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1."""
    if input.dtype is bool_:
        return clone(input)
    return apply(rn.Sign(), read(input))


def floor(input: Tensor) -> Tensor:
    """The largest integer not above."""
    return apply(rn.Floor(), read(input))


def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below."""
    return apply(rn.Ceil(), read(input))


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer (or number with so many decimals), halves to even."""
    if decimals:
        scale = 10.0**decimals
        return div(round(mul(input, scale)), scale)
    return apply(rn.Round(), read(input))


def trunc(input: Tensor) -> Tensor:
    """Rounded towards zero."""
    b, value = builder(), read(input)
    made = apply(logic.Where(), b.lt(value, 0), b.ceil(value), b.floor(value))
    return relabelled(made, "TruncBackward0")


absolute = abs
