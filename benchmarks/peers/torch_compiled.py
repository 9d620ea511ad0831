"""PyTorch with `torch.compile`, in the two ways that are fastest on CPUs.

"forward" compiles the loss, and with it its gradient, and leaves the update to the fused optimizer. "whole" is one
graph of forward, gradient and update: faster in most cases, for a user who writes the optimizer as a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.func import functional_call, grad_and_value

from peers.networks import Array, Network
from peers.rules import rule
from peers.runner import Runner
from peers.torch_like import Setup, array

VERSION = f"PyTorch {torch.__version__}"


def runners(network: Network) -> dict[str, Callable[[], Runner]]:
    # Graphs are kept for each function of the source, and only so many: each network starts afresh.
    torch.compiler.reset()
    if not network.trains:
        return {"compiled": lambda: Setup(torch, network).inference(torch.compile)}
    return {"forward": lambda: forward(network), "whole": lambda: WholeStep(network).runner()}


def forward(network: Network) -> Runner:
    setup = Setup(torch, network, fused=True)
    setup.forward = torch.compile(setup.forward)
    return setup.trainer(setup.step)


class WholeStep:
    """Forward, gradient and update as one compiled function, which writes the new state in place."""

    def __init__(self, network: Network) -> None:
        self.setup = Setup(torch, network)
        self.rule, moments = rule(network)
        self.params = {n: p.detach().clone() for n, p in self.setup.model.named_parameters()}
        self.moments = {
            n: tuple(torch.zeros_like(p) for _ in range(moments)) for n, p in self.params.items()
        }
        self.count = torch.zeros(())

    def loss(self, params: Any, x: Any, y: Any) -> Any:
        return self.setup.loss(functional_call(self.setup.model, params, (x,)), y)

    def step(self, params: Any, moments: Any, count: Any, x: Any, y: Any) -> Any:
        gradients, loss = grad_and_value(self.loss)(params, x, y)
        count += 1
        for name, param in params.items():
            new, kept = self.rule(param, gradients[name], moments[name], count)
            param.copy_(new)
            for moment, value in zip(moments[name], kept, strict=True):
                moment.copy_(value)
        return loss

    def reset(self) -> None:
        for param, weights in zip(self.params.values(), self.setup.initial, strict=True):
            param.copy_(weights)
        for tensor in (self.count, *(m for kept in self.moments.values() for m in kept)):
            tensor.zero_()

    def parameters(self) -> list[Array]:
        return [p.numpy().copy() for p in self.params.values()]

    def runner(self) -> Runner:
        step = torch.compile(self.step, fullgraph=True)
        state = (self.params, self.moments, self.count, self.setup.x, self.setup.y)

        return Runner(lambda: step(*state), array, self.reset, self.parameters)
