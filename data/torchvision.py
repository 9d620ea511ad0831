"""`torchvision`: the names under which its users look for datasets and transforms."""

from __future__ import annotations

from . import transforms as transforms
from . import vision as datasets

__all__ = ["datasets", "transforms"]
