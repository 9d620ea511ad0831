"""The digits that come with the package are the published ones, and damage does not go unseen."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from tapeout.data.digits import DIGITS_FILE, DIGITS_SHA256, load_digits, read_checked_npz
from tapeout.data.errors import DataFileError

FIRST_ZERO = """
 0  0  5 13  9  1  0  0
 0  0 13 15 10 15  5  0
 0  3 15  2  0 11  8  0
 0  4 12  0  0  8  8  0
 0  5  8  0  0  9  8  0
 0  4 11  0  1 12  7  0
 0  2 14  5 10 12  0  0
 0  0  6 13 10  0  0  0
"""


def test_shapes_dtypes_and_ranges():
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert labels.shape == (1797,)
    assert labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 16)
    assert (labels.min(), labels.max()) == (0, 9)


def test_values_are_the_published_ones():
    images, labels = load_digits()
    assert images.sum(dtype=np.int64) == 561_718
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert images[0].tolist() == [[int(v) for v in r.split()] for r in FIRST_ZERO.split("\n")[1:-1]]


def test_images_belong_to_their_labels():
    """A nearest-mean classifier does well only if images and labels are in the same order."""
    images, labels = load_digits()
    rows = images.reshape(-1, 64).astype(np.float64)
    means = np.stack([rows[:900][labels[:900] == digit].mean(axis=0) for digit in range(10)])
    guesses = ((rows[900:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (guesses == labels[900:]).mean() > 0.85


def test_each_call_gives_arrays_of_its_own():
    first, _ = load_digits()
    first[:] = 99
    second, _ = load_digits()
    assert second.max() == 16


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:500] + bytes([b[500] ^ 1]) + b[501:], lambda b: b""]
)
def test_damaged_file(tmp_path, damage):
    content = damage(DIGITS_FILE.read_bytes())
    path = tmp_path / "digits.npz"
    path.write_bytes(content)
    with pytest.raises(DataFileError) as caught:
        read_checked_npz(path, DIGITS_SHA256)
    assert str(caught.value) == (
        f"{path}: damaged file. Its SHA-256 is {hashlib.sha256(content).hexdigest()} "
        f"({len(content)} bytes), expected {DIGITS_SHA256}. "
        f"It is part of tapeout: reinstall the package to restore it."
    )


def test_missing_file_says_to_reinstall(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"digits\.npz: no such file.*reinstall the package"
    ):
        read_checked_npz(tmp_path / "digits.npz", DIGITS_SHA256)


def test_attribution_ships_with_the_file_and_names_it_by_checksum():
    text = Path(DIGITS_FILE).with_name("DIGITS.md").read_text(encoding="utf-8")
    assert DIGITS_SHA256 in text
    for needed in ("Alpaydin", "Kaynak", "10.24432/C50P49", "Attribution 4.0", "changed"):
        assert re.search(needed, text), needed
