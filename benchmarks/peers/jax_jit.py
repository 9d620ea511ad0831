"""JAX: forward, gradient and update as one jitted function whose state is donated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from peers.networks import Array, Network
from peers.rules import rule
from peers.runner import Runner

VERSION = f"JAX {jax.__version__}"
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "tanh": jnp.tanh,
}


def runners(network: Network) -> dict[str, Callable[[], Runner]]:
    return {"jit": lambda: Step(network).runner() if network.trains else inference(network)}


def forward(network: Network, params: Any, x: Any) -> Any:
    activation = ACTIVATIONS[network.activation]
    *hidden, last = params
    for weight, bias in hidden:
        x = activation(x @ weight + bias)
    return x @ last[0] + last[1]


def loss(network: Network, params: Any, x: Any, y: Any) -> Any:
    out = forward(network, params, x)
    if network.loss == "ce":
        return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1).mean()
    return ((out - y) ** 2).mean()


def initial(network: Network) -> list[tuple[Any, Any]]:
    """Weights [in, out], as JAX's users keep them, and biases."""
    flat = network.weights()
    return [(jnp.array(w.T), jnp.array(b)) for w, b in zip(flat[::2], flat[1::2], strict=True)]


def inference(network: Network) -> Runner:
    params, x = initial(network), jnp.asarray(network.data()[0])
    function = jax.jit(lambda params, x: forward(network, params, x))
    return Runner(lambda: function(params, x), np.asarray)


class Step:
    """The state, and the step that replaces it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.rule, self.moments = rule(network)
        self.x, self.y = map(jnp.asarray, network.data())
        self.jitted = jax.jit(self.step, donate_argnums=0)
        self.reset()

    def reset(self) -> None:
        params = initial(self.network)
        moments = jax.tree.map(
            lambda p: tuple(jnp.zeros_like(p) for _ in range(self.moments)), params
        )
        self.state = jax.block_until_ready((params, moments, jnp.float32(0)))

    def step(self, state: Any, x: Any, y: Any) -> Any:
        params, moments, count = state
        value, gradients = jax.value_and_grad(lambda params: loss(self.network, params, x, y))(
            params
        )
        flat, tree = jax.tree.flatten(params)
        updates = [
            self.rule(p, g, m, count + 1)
            for p, g, m in zip(
                flat, tree.flatten_up_to(gradients), tree.flatten_up_to(moments), strict=True
            )
        ]
        params, moments = (tree.unflatten(column) for column in zip(*updates, strict=True))
        return (params, moments, count + 1), value

    def call(self) -> Any:
        self.state, value = self.jitted(self.state, self.x, self.y)
        return value

    def parameters(self) -> list[Array]:
        return [np.array(p).T for layer in self.state[0] for p in layer]

    def runner(self) -> Runner:
        return Runner(self.call, np.asarray, self.reset, self.parameters)
