"""The softmax family."""

from __future__ import annotations

from ...ir.dtypes import DType
from ...tracer import Tensor
from ...tracer import reduction as along
from ...tracer.pointwise import neg
from .warning import warn


def _dim(name: str, input: Tensor, dim: int | None) -> int:
    """The dimension asked for, or the one that old programs mean by none."""
    if dim is not None:
        return dim
    found = 0 if input.ndim in (0, 1, 3) else 1
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument; "
        f"dim={found} is taken for an input of {input.ndim} dimensions."
    )
    return found


def softmax(input: Tensor, dim: int | None = None, dtype: DType | None = None) -> Tensor:
    """exp(x) divided by its sum along dim."""
    return along.softmax(input, _dim("softmax", input, dim), dtype)


def log_softmax(input: Tensor, dim: int | None = None, dtype: DType | None = None) -> Tensor:
    """The logarithm of the softmax."""
    return along.log_softmax(input, _dim("log_softmax", input, dim), dtype)


def softmin(input: Tensor, dim: int | None = None, dtype: DType | None = None) -> Tensor:
    """The softmax of -x."""
    return along.softmax(neg(input), _dim("softmin", input, dim), dtype)
