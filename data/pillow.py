"""Images as transforms get them: Pillow's where it is installed, NumPy arrays where it is not."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def as_image(pixels: Array) -> Any:
    """Height × width bytes as an image that shares no memory with them."""
    pillow, own = _pillow(), pixels.copy()
    return own if pillow is None else pillow.fromarray(own)


def is_pillow_image(thing: Any) -> bool:
    """Whether it is one of Pillow's images (whose module is loaded by then)."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(thing, module.Image)


def pixels_of(image: Any) -> Array:
    """Height × width (× channels); black and white images as bytes of 0 and 255."""
    pixels = np.asarray(image)
    return pixels * np.uint8(255) if image.mode == "1" else pixels


@cache
def _pillow() -> Any | None:
    return import_module("PIL.Image") if find_spec("PIL") else None
