"""tapeout without its compiler, line by line."""

from __future__ import annotations

from collections.abc import Callable

import tapeout
from peers.networks import Network
from peers.runner import Runner
from peers.torch_like import Setup

VERSION = f"tapeout {tapeout.__version__}"


def runners(network: Network) -> dict[str, Callable[[], Runner]]:
    setup = Setup(tapeout, network)
    if not network.trains:
        return {"eager": lambda: setup.inference(lambda model: model)}
    return {"eager": lambda: setup.trainer(setup.step)}
