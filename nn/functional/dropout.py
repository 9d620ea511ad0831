"""Dropout."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.inplace import assign
from ...tracer.location import blame
from ...tracer.pointwise import mul
from ...tracer.random import dropout_noise


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element zeroed with probability p, the others scaled by 1/(1-p). In evaluation, the input itself."""
    check_probability(p)
    if not training or p == 0:
        return input
    result = mul(input, dropout_noise(input, p))
    return assign(input, result) if inplace else result


def check_probability(p: float) -> None:
    """Refuse what is no probability."""
    if not 0 <= p <= 1:
        raise blame(ValueError(f"dropout probability has to be between 0 and 1, but got {p}"))
