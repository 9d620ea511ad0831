"""PyTorch as it comes: the step of the documentation, with the optimizer's two fast implementations."""

from __future__ import annotations

from collections.abc import Callable

import torch

from peers.networks import Network
from peers.runner import Runner
from peers.torch_like import Setup

VERSION = f"PyTorch {torch.__version__}"


def runners(network: Network) -> dict[str, Callable[[], Runner]]:
    if not network.trains:
        return {"eager": lambda: Setup(torch, network).inference(lambda model: model)}
    return {name: lambda name=name: trainer(network, name) for name in ("foreach", "fused")}


def trainer(network: Network, implementation: str) -> Runner:
    setup = Setup(torch, network, **{implementation: True})
    return setup.trainer(setup.step)
