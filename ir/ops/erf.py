"""The error function on NumPy arrays, which NumPy lacks.

Two Chebyshev series, fitted in 40-digit arithmetic: erf(x)/x in x² on [0, 1], and exp(x²)·erfc(x) in 2/(2+x) on [1, 6].
Beyond 6 the result is 1 to double precision. Absolute error below 3e-16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NEAR = (
    0.9754769393826541,
    -0.14226120510371365,
    0.010035582187599796,
    -0.0005768764699767485,
    2.741993125219606e-05,
    -1.1043175507344507e-06,
    3.8488755420345036e-08,
    -1.1808582533875466e-09,
    3.2334215826050907e-11,
    -7.991015947004549e-13,
    1.799072511396137e-14,
    -3.7186354877527125e-16,
    7.103598527027531e-18,
)
FAR = (
    0.24078150322816144,
    0.1660357343713446,
    0.01937548512710411,
    0.0013725838866457216,
    2.3301617872657463e-05,
    -4.842439456015362e-06,
    -2.1925049177302584e-07,
    2.8603646284729237e-08,
    1.258114961136046e-09,
    -2.4685801467325007e-10,
    -2.494144837888484e-12,
    2.329500450476122e-12,
    -9.680201775654896e-14,
    -1.7796924054574097e-14,
    2.2446259310401016e-15,
    2.910591760598499e-17,
    -2.844672912954679e-17,
    2.211859605929501e-18,
)


def erf(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """erf of each element, computed in float64 and rounded once."""
    wide = np.asarray(x, np.float64)
    size = np.minimum(np.abs(wide), 6.0)
    result = np.where(
        size <= 1.0, size * _series(NEAR, 2.0 * np.minimum(size, 1.0) ** 2 - 1.0), _far(size)
    )
    return np.asarray(np.copysign(result, wide), x.dtype)


def _far(size: np.ndarray[Any, Any]) -> Any:
    t = 2.0 / (2.0 + np.maximum(size, 1.0))
    return 1.0 - np.exp(-size * size) * _series(FAR, (t - 0.25) * (2.0 / (2.0 / 3.0 - 0.25)) - 1.0)


def _series(coefficients: tuple[float, ...], x: Any) -> Any:
    return np.polynomial.chebyshev.chebval(x, coefficients)
