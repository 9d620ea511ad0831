"""Branch-free elementary functions on any number of lanes: minimax polynomials, fused multiply-adds, no calls.

The stated bounds are what the tests hold over the whole range: ulp of the result, against a wider reference.
"""

from __future__ import annotations

from .error_function import erf as erf
from .exponential import exp as exp
from .exponential import expm1 as expm1
from .hyperbolic import sigmoid as sigmoid
from .hyperbolic import tanh as tanh
from .logarithm import log as log
from .logarithm import log1p as log1p
from .power import pow as pow
from .trigonometric import cos as cos
from .trigonometric import sin as sin
