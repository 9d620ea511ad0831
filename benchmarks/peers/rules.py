"""The optimizers' arithmetic for whole steps that are one function of their state.

Written with operators only, so the same rules serve JAX arrays and PyTorch tensors. A rule takes a parameter, its
gradient, its moments and the number of the step (a float), and returns the new parameter and moments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peers.networks import MOMENTUM, WEIGHT_DECAY, Network

Rule = Callable[[Any, Any, tuple[Any, ...], Any], tuple[Any, tuple[Any, ...]]]
BETAS, EPS = (0.9, 0.999), 1e-8


def rule(network: Network) -> tuple[Rule, int]:
    """The network's rule, and how many moments it keeps of each parameter."""
    rate = network.rate

    def sgd(p: Any, g: Any, moments: tuple[Any, ...], step: Any) -> Any:
        return p - rate * g, ()

    def momentum(p: Any, g: Any, moments: tuple[Any, ...], step: Any) -> Any:
        velocity = MOMENTUM * moments[0] + g
        return p - rate * velocity, (velocity,)

    def adam(p: Any, g: Any, moments: tuple[Any, ...], step: Any) -> Any:
        mean = BETAS[0] * moments[0] + (1 - BETAS[0]) * g
        square = BETAS[1] * moments[1] + (1 - BETAS[1]) * g * g
        size = rate / (1 - BETAS[0] ** step)
        spread = (1 - BETAS[1] ** step) ** 0.5
        return p - size * mean / (square**0.5 / spread + EPS), (mean, square)

    def adamw(p: Any, g: Any, moments: tuple[Any, ...], step: Any) -> Any:
        return adam(p * (1 - rate * WEIGHT_DECAY), g, moments, step)

    rules: dict[str, tuple[Rule, int]] = {
        "sgd": (sgd, 0),
        "momentum": (momentum, 1),
        "adam": (adam, 2),
        "adamw": (adamw, 2),
    }
    return rules[network.optimizer]
