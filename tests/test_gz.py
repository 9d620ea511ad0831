"""Unpacking gzip files: all of the content or the file as it was."""

import gzip
from pathlib import Path

import pytest

from tapeout.data.errors import DataFileError
from tapeout.data.gz import extract_gz

BODY = bytes(range(256)) * 700


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_extract_gz(tmp_path):
    (tmp_path / "a.b.gz").write_bytes(gzip.compress(BODY))
    assert extract_gz(str(tmp_path / "a.b.gz")) == tmp_path / "a.b"
    assert (tmp_path / "a.b").read_bytes() == BODY
    assert names_in(tmp_path) == {"a.b", "a.b.gz"}


@pytest.mark.parametrize("cut", [0, 5, 20, -9, -1])
def test_extract_gz_of_a_damaged_file_keeps_the_old_one(tmp_path, cut):
    (tmp_path / "a").write_bytes(b"old")
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress(BODY)[:cut] or b"not gzip")
    with pytest.raises(DataFileError, match=r"a\.gz: damaged gzip file .* bytes on disk"):
        extract_gz(packed)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names_in(tmp_path) == {"a", "a.gz"}


def test_extract_gz_wants_the_ending(tmp_path):
    with pytest.raises(ValueError, match=r"expected a name that ends in '\.gz'"):
        extract_gz(tmp_path / "a.zip")
