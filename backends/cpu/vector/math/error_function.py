"""The error function: x + x·p(x²) on [0, 1], and 1 - exp(q(x)) beyond: q is the logarithm of what is missing to 1."""

from __future__ import annotations

from ..real import Real, select
from .exponential import exp
from .tables import ERF_FAR, ERF_NEAR, ERF_ONE


def erf(x: Real) -> Real:
    """At most 2 ulp off, for f32 and f64."""
    size = abs(x)
    near = x.fma((x * x).polynomial(ERF_NEAR[x.format]), x)
    bounded = select(size > ERF_ONE[x.format], ERF_ONE[x.format], size)
    far = 1.0 - exp(bounded.polynomial(ERF_FAR[x.format]))
    return select(size < 1.0, near, far.copysign(x))
