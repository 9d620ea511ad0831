"""Smooth activation functions."""

from __future__ import annotations

import math

from ...tracer import Tensor
from ...tracer.eager import builder
from ...tracer.location import blame
from ...tracer.pointwise import (
    abs,
    add,
    clamp,
    div,
    erf,
    exp,
    gt,
    labelled,
    log1p,
    mul,
    neg,
    sub,
    where,
)
from ...tracer.pointwise import sigmoid as sigmoid
from ...tracer.pointwise import tanh as tanh
from ...tracer.reading import read
from .node import kept, named


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number is below it, exactly or by "tanh"."""
    if approximate not in ("none", "tanh"):
        raise blame(
            RuntimeError(
                f"approximate argument must be either none or tanh, but it is '{approximate}'."
            )
        )
    if approximate == "none":
        curve = erf(mul(input, math.sqrt(0.5)))
    else:
        cubic = add(input, mul(mul(mul(input, input), input), 0.044715))
        curve = tanh(mul(cubic, math.sqrt(2 / math.pi)))
    return named(mul(mul(input, 0.5), add(curve, 1.0)), "Gelu", input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·sigmoid(x)."""
    source = kept(input, inplace)
    return named(mul(source, sigmoid(source)), "Silu", input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x·tanh(softplus(x))."""
    source = kept(input, inplace)
    return named(mul(source, tanh(softplus(source))), "Mish", input, inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + e^(beta·x)) / beta, and x itself where beta·x is above the threshold."""
    scaled = input if beta == 1 else mul(input, beta)
    curve = log1p(exp(clamp(scaled, max=threshold)))
    result = where(gt(scaled, threshold), input, curve if beta == 1 else div(curve, beta))
    return named(result, "Softplus", input)


def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of the sigmoid, without overflow."""
    below = labelled(builder().minimum(read(input), 0.0), None)
    return named(sub(below, log1p(exp(neg(abs(input))))), "LogSigmoid", input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return div(input, add(abs(input), 1.0))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return sub(input, tanh(input))
