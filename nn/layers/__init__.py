"""The layers and losses: modules that hold settings and parameters and call `nn.functional`."""

from __future__ import annotations
