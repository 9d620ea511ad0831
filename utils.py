"""`torch.utils`: where PyTorch programs look for `utils.data`."""

from __future__ import annotations

import sys

from . import data as data

# `from tapeout.utils.data import DataLoader` looks for modules, and only in packages.
__path__: list[str] = []
sys.modules[f"{__name__}.data"] = data
