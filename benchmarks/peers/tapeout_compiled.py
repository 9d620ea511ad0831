"""tapeout: the documentation's step, given to `tapeout.compile`."""

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
        return {"compiled": lambda: setup.inference(tapeout.compile)}
    return {"compiled": lambda: setup.trainer(tapeout.compile(setup.step))}
