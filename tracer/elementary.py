"""Elementwise functions of calculus: exponentials, logarithms, roots, trigonometry, activations."""

from __future__ import annotations

import math
from typing import Any

from ..ir.ops import transcendental as tr
from .arithmetic import div, mul
from .labelled import relabelled
from .promotion import Operand, get_default_dtype, operand_value, result_type
from .reading import read
from .tensor import Tensor, apply


def _floating(input: Operand) -> Any:
    dtype = result_type(input)
    return operand_value(input, dtype if dtype.is_floating_point else get_default_dtype())


def exp(input: Tensor) -> Tensor:
    """e to the power of each element."""
    return apply(tr.Exp(), _floating(input))


def expm1(input: Tensor) -> Tensor:
    """exp(x) - 1."""
    return apply(tr.Expm1(), _floating(input))


def log(input: Tensor) -> Tensor:
    """The natural logarithm."""
    return apply(tr.Log(), _floating(input))


def log1p(input: Tensor) -> Tensor:
    """log(1 + x)."""
    return apply(tr.Log1p(), _floating(input))


def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return relabelled(mul(log(input), 1 / math.log(2)), "Log2Backward0")


def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return relabelled(mul(log(input), 1 / math.log(10)), "Log10Backward0")


def sqrt(input: Tensor) -> Tensor:
    """The square root."""
    return apply(tr.Sqrt(), _floating(input))


def rsqrt(input: Tensor) -> Tensor:
    """One over the square root."""
    return apply(tr.Rsqrt(), _floating(input))


def sin(input: Tensor) -> Tensor:
    """The sine."""
    return apply(tr.Sin(), _floating(input))


def cos(input: Tensor) -> Tensor:
    """The cosine."""
    return apply(tr.Cos(), _floating(input))


def tan(input: Tensor) -> Tensor:
    """The tangent."""
    return relabelled(div(sin(input), cos(input)), "TanBackward0")


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return apply(tr.Tanh(), _floating(input))


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return apply(tr.Sigmoid(), _floating(input))


def erf(input: Tensor) -> Tensor:
    """The error function."""
    return apply(tr.Erf(), _floating(input))


def relu(input: Tensor) -> Tensor:
    """x where positive, else 0 (for -0, too, which PyTorch keeps)."""
    return apply(RELU, read(input))


RELU = tr.Relu()
