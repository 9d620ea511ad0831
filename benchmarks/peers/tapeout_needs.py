"""What a network's program has to do, and how long that must take on this machine at the least."""

from __future__ import annotations

import tapeout
from peers.need import Need
from peers.networks import Network
from peers.torch_like import Setup
from tapeout.inspection.limits import Limits, limits
from tapeout.inspection.record import Record


class Needs:
    """Asked for one network at a time."""

    def need(self, network: Network, cores: tuple[int, ...]) -> Need:
        setup = Setup(tapeout, network)
        step = tapeout.compile(setup.step if network.trains else setup.model)
        step.compile(*((setup.x, setup.y) if network.trains else (setup.x,)))
        record = step.record()
        able = [limits(count) for count in cores]
        return Need(
            record.flops,
            record.bytes,
            len(record.calls),
            record.threads,
            record.arena_bytes,
            tuple(record.flops / limit.flops["f32"] for limit in able),
            tuple(_roofline(record, limit) for limit in able),
        )


def _roofline(record: Record, limit: Limits) -> float:
    return sum(limit.seconds(call.flops, call.bytes, "f32") for call in record.calls)
