"""What is benchmarked: networks with their data and initial weights, the same for every framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LEARNING_RATES = {"sgd": 1e-2, "momentum": 1e-2, "adam": 1e-3, "adamw": 1e-3}
MOMENTUM, WEIGHT_DECAY = 0.9, 1e-2


@dataclass(frozen=True)
class Network:
    """A multi-layer perceptron on one batch; with a loss and an optimizer it can be trained."""

    sizes: tuple[int, ...]
    batch: int
    activation: str = "relu"
    loss: str = ""
    optimizer: str = ""

    @property
    def trains(self) -> bool:
        return bool(self.optimizer)

    @property
    def name(self) -> str:
        words = [
            "-".join(map(str, self.sizes)),
            self.activation if self.activation != "relu" else "",
            f"b{self.batch}",
            self.loss,
            self.optimizer,
        ]
        return " ".join(filter(None, words))

    @property
    def rate(self) -> float:
        return LEARNING_RATES[self.optimizer]

    def weights(self) -> list[Array]:
        """Weight [out, in] and bias of each layer, spread as PyTorch's linear layers begin."""
        rng = np.random.default_rng(1)
        shapes = [
            shape
            for inputs, outputs in pairwise(self.sizes)
            for shape in ((outputs, inputs), (outputs,))
        ]
        bounds = np.repeat(self.sizes[:-1], 2) ** -0.5
        return [
            rng.uniform(-bound, bound, shape).astype(np.float32)
            for shape, bound in zip(shapes, bounds, strict=True)
        ]

    def data(self, batches: int = 1) -> tuple[Array, Array]:
        """So many batches of inputs, and their targets."""
        rng = np.random.default_rng(2)
        rows = self.batch * batches
        x = rng.standard_normal((rows, self.sizes[0]), np.float32)
        if self.loss == "ce":
            return x, rng.integers(0, self.sizes[-1], rows)
        return x, rng.standard_normal((rows, self.sizes[-1]), np.float32)


TINY = Network((2, 5, 1), 10, loss="mse", optimizer="sgd")
SEED = Network((784, 128, 10), 64, loss="ce", optimizer="adam")
WIDE = Network((1024, 2048, 2048, 1000), 256, loss="ce", optimizer="adam")

TRAINING: Sequence[Network] = (
    TINY,
    Network((3, 10, 1), 100, loss="mse", optimizer="sgd"),
    SEED,
    Network((784, 128, 64, 10), 64, loss="ce", optimizer="momentum"),
    Network((784, 512, 512, 10), 128, loss="ce", optimizer="adam"),
    WIDE,
    Network((17, 33, 5), 31, loss="ce", optimizer="adam"),
    Network((100, 300, 100, 7), 50, "gelu", "ce", "adamw"),
    Network((64, 64, 64, 1), 1000, "tanh", "mse", "adam"),
    Network((20, 16, 16, 2), 1000, loss="ce", optimizer="sgd"),
)
INFERENCE: Sequence[Network] = tuple(Network(SEED.sizes, batch) for batch in (1, 64, 1024))
