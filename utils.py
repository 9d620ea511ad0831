"""`torch.utils`: where PyTorch programs look for `utils.data`."""

from __future__ import annotations

from . import data as data
