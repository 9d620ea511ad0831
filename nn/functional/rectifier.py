"""Activation functions in pieces: the rectifiers, and those that are bounded by straight lines."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.inplace import assign
from ...tracer.location import blame
from ...tracer.pointwise import add, clamp, div, expm1, ge, gt, le, mul, where
from ...tracer.pointwise import relu as positive_part
from ...tracer.shaping import reshape
from .node import kept, named

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """x where positive, else 0."""
    result = positive_part(input)
    return assign(input, result) if inplace else result


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where positive, else negative_slope·x."""
    result = where(gt(input, 0), input, mul(input, negative_slope))
    return named(result, "LeakyRelu", input, inplace)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, else weight·x: one weight, or one for each channel (dimension 1)."""
    if weight.ndim > 1:
        raise blame(
            RuntimeError(
                f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
            )
        )
    slope = weight
    channels = weight.shape.numel()
    if channels != 1:
        have = input.shape[1] if input.ndim > 1 else 1
        if have != channels:
            raise blame(
                RuntimeError(
                    "Mismatch of parameter numbers and input channel size. "
                    f"Found parameter numbers = {channels} and channel size = {have}."
                )
            )
        slope = reshape(weight, channels, *(1,) * (input.ndim - 2))
    elif input.ndim == 0:
        slope = reshape(weight, ())
    return named(where(gt(input, 0), input, mul(input, slope)), "PreluKernel", input)


def _exponential_unit(input: Tensor, scale: float, inner: float, outer: float) -> Tensor:
    """scale·x where positive, else outer·(e^(inner·x) - 1)."""
    below = clamp(input, max=0.0)
    curve = mul(expm1(below if inner == 1 else mul(below, inner)), outer)
    return where(gt(input, 0), input if scale == 1 else mul(input, scale), curve)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else alpha·(eˣ - 1)."""
    return named(_exponential_unit(kept(input, inplace), 1, 1, alpha), "Elu", input, inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu`, scaled so that mean and variance keep near 0 and 1 from layer to layer."""
    result = _exponential_unit(kept(input, inplace), SELU_SCALE, 1, SELU_SCALE * SELU_ALPHA)
    return named(result, "Elu", input, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else alpha·(e^(x/alpha) - 1)."""
    if alpha == 0:
        raise blame(RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU"))
    return named(
        _exponential_unit(kept(input, inplace), 1, 1 / alpha, alpha), "Celu", input, inplace
    )


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x, but at least min_val and at most max_val; no gradient flows from the bounds on."""
    if min_val > max_val:
        raise blame(
            ValueError(
                f"min_val cannot be greater than max_val, but they are {min_val} and {max_val}"
            )
        )
    result = where(le(input, min_val), min_val, where(ge(input, max_val), max_val, input))
    return named(result, "Hardtanh", input, inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x, but at least 0 and at most 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """x/6 + 1/2, but at least 0 and at most 1."""
    result = div(hardtanh(add(input, 3.0), 0.0, 6.0), 6.0)
    return named(result, "Hardsigmoid", input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x·hardsigmoid(x)."""
    source = kept(input, inplace)
    return named(mul(source, hardsigmoid(source)), "Hardswish", input, inplace)
