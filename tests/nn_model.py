"""A small model with everything a module can hold, and the keys of its state."""

from __future__ import annotations

import re

import pytest

import tapeout
from tapeout import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(3, 4)
        self.act = nn.ReLU()
        self.tail = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False))
        self.scale = nn.Parameter(tapeout.tensor([2.0]))
        self.register_buffer("steps", tapeout.tensor(5))
        self.register_buffer("scratch", tapeout.zeros(2), persistent=False)

    def forward(self, x):
        return self.tail(self.act(self.fc1(x))) * self.scale


NAMES = ["scale", "fc1.weight", "fc1.bias", "tail.0.weight", "tail.0.bias", "tail.1.weight"]
STATISTICS = [f"tail.0.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")]
KEYS = [*NAMES[:1], "steps", *NAMES[1:5], *STATISTICS, *NAMES[5:]]


def at(error: type[Exception], text: str):
    return pytest.raises(error, match=re.escape(text))
