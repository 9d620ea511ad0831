"""The handwritten digits that come with the package: nothing to download (see DIGITS.md)."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DataFileError

DIGITS_FILE = Path(__file__).with_name("digits.npz")
DIGITS_SHA256 = "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"


def load_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """1,797 images of 8x8 pixels from 0 to 16, and the digit that each one shows."""
    arrays = read_checked_npz(DIGITS_FILE, DIGITS_SHA256)
    return arrays["images"], arrays["labels"].astype(np.int64)


def read_checked_npz(path: Path, sha256: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays in an `.npz` file that came with the package and must not have changed since."""
    content = _read_packaged(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataFileError(
            f"{path}: damaged file. Its SHA-256 is {found} ({len(content)} bytes), expected "
            f"{sha256}. It is part of tapeout: reinstall the package to restore it."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _read_packaged(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: no such file. It is part of tapeout: reinstall the package to restore it."
        ) from None
