"""A network in PyTorch's front end, for whichever package provides it: `torch` or `tapeout`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from peers.networks import MOMENTUM, WEIGHT_DECAY, Array, Network
from peers.runner import Runner

Wrap = Callable[[Any], Any]


class Setup:
    """Model, batch, loss and optimizer, as a user writes them."""

    def __init__(self, framework: Any, network: Network, **options: Any) -> None:
        self.framework, self.network = framework, network
        self.x, self.y = map(framework.from_numpy, network.data())
        self.initial = [framework.from_numpy(w) for w in network.weights()]
        self.model = self._model()
        self._copy_weights()
        if network.trains:
            nn = framework.nn
            self.loss = nn.CrossEntropyLoss() if network.loss == "ce" else nn.MSELoss()
            self.optimizer = self._optimizer(options)

    def _model(self) -> Any:
        nn = self.framework.nn
        between = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}[self.network.activation]
        layers: list[Any] = []
        for inputs, outputs in pairwise(self.network.sizes):
            layers += [nn.Linear(inputs, outputs), between()]
        return nn.Sequential(*layers[:-1])

    def _optimizer(self, options: dict[str, Any]) -> Any:
        optim, rate = self.framework.optim, self.network.rate
        cls, extra = {
            "sgd": (optim.SGD, {}),
            "momentum": (optim.SGD, {"momentum": MOMENTUM}),
            "adam": (optim.Adam, {}),
            "adamw": (optim.AdamW, {"weight_decay": WEIGHT_DECAY}),
        }[self.network.optimizer]
        return cls(self.model.parameters(), lr=rate, **extra, **options)

    def _copy_weights(self) -> None:
        with self.framework.no_grad():
            for parameter, weights in zip(self.model.parameters(), self.initial, strict=True):
                parameter.copy_(weights)

    def reset(self) -> None:
        self._copy_weights()
        with self.framework.no_grad():
            for state in self.optimizer.state.values():
                for kept in state.values():
                    kept.zero_()

    def parameters(self) -> list[Array]:
        return [p.detach().numpy().copy() for p in self.model.parameters()]

    def forward(self, x: Any, y: Any) -> Any:
        return self.loss(self.model(x), y)

    def step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad()
        loss = self.forward(x, y)
        loss.backward()
        self.optimizer.step()
        return loss

    def trainer(self, step: Callable[[Any, Any], Any]) -> Runner:
        """A runner of this step, which trains this model."""
        x, y = self.x, self.y
        return Runner(lambda: step(x, y), array, self.reset, self.parameters)

    def inference(self, wrap: Wrap) -> Runner:
        """A runner of the model, in a loop that records no history."""
        model, x = wrap(self.model), self.x
        return Runner(lambda: model(x), array, within=self.framework.no_grad)


def array(tensor: Any) -> Array:
    values: Array = tensor.detach().numpy()
    return values
