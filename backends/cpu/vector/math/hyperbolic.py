"""The hyperbolic tangent and the logistic function.

Near 0 the tangent is x + x³·p(x²); elsewhere it is 1 - 2/(e²ˣ + 1), whose subtrahend is small.
"""

from __future__ import annotations

from ..real import Real, select
from .double_word import ordered_sum
from .exponential import exp, exp_with_error
from .tables import TANH_NEAR, TANH_TERMS


def tanh(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64."""
    size = abs(x)
    square = x * x
    near = (square * x).fma(square.polynomial(TANH_TERMS[x.format]), x)
    far = 1.0 - 2.0 / (exp(size + size) + 1.0)
    return select(size < TANH_NEAR, near, far).copysign(x)


def sigmoid(x: Real) -> Real:
    """1 / (1 + e⁻ˣ), at most 2 ulp off, for f32 and f64; the exponent is never positive, so nothing overflows.

    What exp and the sum lost in rounding is put back at the end.
    """
    small, lost = exp_with_error(-abs(x))
    negative = x < 0.0
    divisor, missing = ordered_sum(1.0, small)
    y = select(negative, small, 1.0) / divisor
    return y.fma(select(negative, lost, 0.0) - missing, y)
