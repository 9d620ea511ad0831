"""The IDX format: what is written reads back, and damage is reported with its figures."""

import gzip
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tapeout.data.errors import DataFileError
from tapeout.data.idx import read_idx, write_idx

TYPE_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
SHAPES = [(), (7,), (2, 3), (2, 3, 5), (0, 4), (3, 0, 2), (1, 2, 1, 3, 2)]


def sample(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values that use every byte of the element, so that a wrong byte order shows."""
    count = int(np.prod(shape))
    span = 2 ** (8 * np.dtype(dtype).itemsize - 2)
    values = np.linspace(1, span - 1, count) * np.where(np.arange(count) % 2, 1, -1)
    return values.astype(np.int64).astype(dtype).reshape(shape)


def by_hand(code: int, array: np.ndarray) -> bytes:
    """The format's definition, written out without the code under test."""
    dims = b"".join(struct.pack(">I", d) for d in array.shape)
    body = array.astype(array.dtype.newbyteorder(">")).tobytes()
    return bytes([0, 0, code, array.ndim]) + dims + body


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def leftovers(folder: Path, *wanted: str) -> set[str]:
    return {p.name for p in folder.iterdir()} - set(wanted)


@contextmanager
def peak_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", TYPE_CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_reads_every_dtype_and_rank(tmp_path, dtype, shape, pack):
    expected = sample(dtype, shape)
    path = write(tmp_path / "file", pack(by_hand(TYPE_CODES[dtype], expected)))
    array = read_idx(path)
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert array.shape == shape
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", TYPE_CODES)
def test_writes_the_bytes_of_the_format(tmp_path, dtype, shape):
    array = sample(dtype, shape)
    write_idx(tmp_path / "plain", array)
    write_idx(tmp_path / "packed.gz", array)
    expected = by_hand(TYPE_CODES[dtype], array)
    assert (tmp_path / "plain").read_bytes() == expected
    packed = (tmp_path / "packed.gz").read_bytes()
    assert packed[:2] == b"\x1f\x8b"
    assert gzip.decompress(packed) == expected
    assert leftovers(tmp_path, "plain", "packed.gz") == set()


# No deadline: each example waits for the disk.
@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(
        st.sampled_from(["u1", "i1", "<i2", ">i2", "<i4", ">i4", "<f4", ">f4", "<f8", ">f8"]),
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    )
)
def test_round_trip_whatever_the_byte_order(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("idx") / "file"
    write_idx(path, array)
    result = read_idx(path)
    np.testing.assert_array_equal(result, array)
    assert result.dtype == array.dtype.newbyteorder("=")


def test_writes_strided_arrays_and_lists_of_values(tmp_path):
    strided = np.arange(30, dtype=np.uint8).reshape(5, 6).T[::2]
    write_idx(tmp_path / "file", strided)
    np.testing.assert_array_equal(read_idx(tmp_path / "file"), strided)
    write_idx(tmp_path / "floats", [[0.5, -1.5, 2.0]])
    np.testing.assert_array_equal(read_idx(tmp_path / "floats"), np.array([[0.5, -1.5, 2.0]]))


def test_more_than_one_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("tapeout.data.idx.CHUNK", 7)
    array = sample("i4", (5, 11))
    write_idx(tmp_path / "file", array)
    np.testing.assert_array_equal(read_idx(tmp_path / "file"), array)


def test_gz_holds_no_time_and_no_name(tmp_path):
    """So the same array always gives the same bytes, and the same checksum."""
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, sample("u1", (2, 3)))
    content = (tmp_path / "a.gz").read_bytes()
    assert content[4:8] == bytes(4)
    assert content == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "starts with nothing"),
        (b"\0\0\x08", r"starts with 00 00 08 \("),
        (b"<html>", r"starts with 3c 68 74 6d \(b'<htm'\)"),
        (b"\0\0\x0a\x01\0\0\0\0", "starts with 00 00 0a 01"),
        (b"\0\x01\x08\x01\0\0\0\0", "starts with 00 01 08 01"),
        (b"\0\0\x08\x41" + bytes(4 * 65), "starts with 00 00 08 41"),
    ],
    ids=["empty", "3 bytes", "web page", "unknown type", "nonzero start", "65 dimensions"],
)
def test_not_an_idx_file(tmp_path, content, found):
    path = write(tmp_path / "file", content)
    with pytest.raises(DataFileError, match=found) as caught:
        read_idx(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: not an IDX file.")
    assert "expected 00 00, an element type (08, 09, 0b, 0c, 0d, 0e), a dimension count" in text
    assert "delete it and download the file again" in text


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize(
    ("change", "damage", "found"),
    [
        (lambda b: b[:-7], "truncated IDX file", 113),
        (lambda b: b + b"xyz", "IDX file with trailing bytes", 123),
    ],
    ids=["truncated", "trailing"],
)
def test_wrong_length(tmp_path, pack, change, damage, found):
    path = write(tmp_path / "file", pack(change(by_hand(0x0C, sample("i4", (2, 3, 5))))))
    with pytest.raises(DataFileError) as caught:
        read_idx(path)
    assert str(caught.value) == (
        f"{path}: {damage}. The header announces 2x3x5 int32, which takes 120 bytes; "
        f"{found} follow it. Delete the file and download it again."
    )


def test_truncated_header(tmp_path):
    path = write(tmp_path / "file", b"\0\0\x08\x03\0\0\0\x02\0")
    with pytest.raises(DataFileError, match=r"header of 3 dimensions takes 16 bytes, .* has 9"):
        read_idx(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ((0xFFFFFFFF,), r"truncated IDX file. .* 4294967295 float64, which takes 34359738360 b"),
        ((0xFFFFFFFF, 0x3FFF), "truncated IDX file"),
        ((0xFFFFFFFF,) * 3, "damaged IDX header. .* more bytes than a machine can address"),
        ((0, 0xFFFFFFFF, 0xFFFFFFFF), "damaged IDX header. It announces 0x4294967295x4294967295"),
        ((0xFFFFFFFF,) * 64, "damaged IDX header"),
    ],
    ids=["34 GB", "563 TB", "beyond 64 bits", "zero times too much", "64 dimensions"],
)
def test_absurd_dimensions_allocate_nothing(tmp_path, pack, dims, message):
    header = bytes([0, 0, 0x0E, len(dims)]) + struct.pack(f">{len(dims)}I", *dims)
    path = write(tmp_path / "file", pack(header + b"12345678"))
    with peak_below(4_000_000), pytest.raises(DataFileError, match=message):
        read_idx(path)


def test_trailing_bytes_are_counted_but_not_kept(tmp_path):
    content = by_hand(0x08, sample("u1", (2, 3))) + bytes(20_000_000)
    path = write(tmp_path / "file", gzip.compress(content, 1))
    del content
    with (
        peak_below(8_000_000),
        pytest.raises(DataFileError, match="takes 6 bytes; 20000006 follow it"),
    ):
        read_idx(path)


@pytest.mark.parametrize("damage", ["cut short", "flipped checksum", "garbage", "junk after it"])
def test_damaged_gzip(tmp_path, damage):
    good = gzip.compress(by_hand(0x08, sample("u1", (2, 300))))
    content = {
        "cut short": good[:-20],
        "flipped checksum": good[:-8] + bytes([good[-8] ^ 1]) + good[-7:],
        "garbage": good[:10] + b"\xff" * 30,
        "junk after it": good + b"junk",
    }[damage]
    path = write(tmp_path / "file.gz", content)
    with pytest.raises(DataFileError) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: damaged gzip file (")
    assert f"{len(content)} bytes on disk). Delete it and download it again." in str(caught.value)


@pytest.mark.parametrize("name", ["absent", "."])
def test_missing_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"no such file\. Check the path.*download=True"):
        read_idx(tmp_path / name)


@pytest.mark.parametrize("dtype", ["i8", "u4", "f2", "?", "c16", "U3"])
def test_write_refuses_other_dtypes(tmp_path, dtype):
    array = np.zeros((2, 3), dtype)
    with pytest.raises(TypeError) as caught:
        write_idx(tmp_path / "file", array)
    assert str(caught.value) == (
        f"IDX cannot hold {array.dtype}; it holds uint8, int8, int16, int32, float32, float64. "
        f"Convert with array.astype(...)."
    )
    assert leftovers(tmp_path) == set()


def test_write_refuses_dimensions_over_32_bits(tmp_path):
    huge = np.broadcast_to(np.uint8(3), (2, 2**32))
    with pytest.raises(ValueError, match=r"end at 4294967295; .* \(2, 4294967296\)"):
        write_idx(tmp_path / "file", huge)


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path, name, monkeypatch):
    old = sample("i2", (2, 3))
    write_idx(tmp_path / name, old)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tapeout.data.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_idx(tmp_path / name, sample("f8", (4, 5)))
    np.testing.assert_array_equal(read_idx(tmp_path / name), old)
    assert leftovers(tmp_path, name) == set()


def test_written_file_has_ordinary_permissions(tmp_path):
    (tmp_path / "ordinary").touch()
    write_idx(tmp_path / "deeper" / "file", sample("u1", (2,)))
    assert (tmp_path / "deeper" / "file").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
