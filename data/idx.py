"""The IDX file format: one array in one file, as MNIST and its relatives use it.

Two zero bytes, one byte for the element type, one for the number of dimensions, the dimensions as
big-endian 32-bit integers, then the elements, big-endian, last dimension fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .atomic import atomic_write
from .errors import DataFileError
from .gz import SUFFIX as GZ_SUFFIX
from .gz import open_plain_or_gz

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
MAX_DIMS = 64  # NumPy's limit; the format's is 255
MAX_DIM = 2**32 - 1
CHUNK = 1 << 20
MAGIC_RULE = f"00 00, an element type ({', '.join(f'{c:02x}' for c in DTYPES)}), a dimension count"


def read_idx(path: str | PathLike[str]) -> npt.NDArray[Any]:
    """Read an IDX file, plain or gzipped, as a writable array in this machine's byte order."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. Check the path, or let the dataset fetch it with download=True."
        )
    with open_plain_or_gz(path) as stream:
        header = _read_header(stream, path)
        payload, found = _read_payload(stream, header.nbytes)
    _check_size(path, header, found)
    array: npt.NDArray[Any] = np.ndarray(header.shape, header.dtype, buffer=payload)
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def write_idx(path: str | PathLike[str], array: npt.ArrayLike) -> None:
    """Write `array` as an IDX file, whole or not at all; gzipped if the name ends in `.gz`."""
    path, values = Path(path), np.asarray(array)
    code = _code_of(values.dtype)
    if max(values.shape, default=0) > MAX_DIM:
        raise ValueError(f"IDX dimensions end at {MAX_DIM}; the array's are {values.shape}")
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, code, values.ndim, *values.shape)
    with ExitStack() as stack:
        sink: Any = stack.enter_context(atomic_write(path))
        if path.suffix == GZ_SUFFIX:
            # No name and no time of writing: the same array gives the same bytes.
            sink = stack.enter_context(gzip.GzipFile("", "wb", fileobj=sink, mtime=0))
        sink.write(header)
        sink.write(values.astype(DTYPES[code], copy=False).tobytes())


@dataclass(frozen=True)
class _Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def addressable(self) -> int:
        """What NumPy compares with its limit: a zero among absurd dimensions does not help."""
        return math.prod(max(d, 1) for d in self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape)) or 'a single'} {self.dtype.name}"


def _read_header(stream: BinaryIO, path: Path) -> _Header:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or magic[3] > MAX_DIMS:
        raise DataFileError(
            f"{path}: not an IDX file. It starts with {magic.hex(' ') or 'nothing'} ({magic!r}); "
            f"expected {MAGIC_RULE} up to {MAX_DIMS}. "
            f"If a web page was saved in its place, delete it and download the file again."
        )
    header = _Header(DTYPES[magic[2]], _read_dims(stream, magic[3], path))
    if header.addressable > sys.maxsize:
        raise DataFileError(
            f"{path}: damaged IDX header. It announces {header}, more bytes than a machine can "
            f"address ({sys.maxsize}). Delete the file and download it again."
        )
    return header


def _read_dims(stream: BinaryIO, count: int, path: Path) -> tuple[int, ...]:
    raw = stream.read(4 * count)
    if len(raw) < 4 * count:
        raise DataFileError(
            f"{path}: truncated IDX file. The header of {count} dimensions takes {4 + 4 * count} "
            f"bytes, the file has {4 + len(raw)}. Delete it and download it again."
        )
    return struct.unpack(f">{count}I", raw)


def _read_payload(stream: BinaryIO, wanted: int) -> tuple[bytearray, int]:
    """Keep the first `wanted` bytes and count all: memory follows the file, not its header."""
    payload, found = bytearray(), 0
    while chunk := stream.read(CHUNK):
        payload += chunk[: wanted - len(payload)]
        found += len(chunk)
    return payload, found


def _check_size(path: Path, header: _Header, found: int) -> None:
    if found == header.nbytes:
        return
    damage = "truncated IDX file" if found < header.nbytes else "IDX file with trailing bytes"
    raise DataFileError(
        f"{path}: {damage}. The header announces {header}, which takes {header.nbytes} bytes; "
        f"{found} follow it. Delete the file and download it again."
    )


def _code_of(dtype: np.dtype[Any]) -> int:
    for code, stored in DTYPES.items():
        if dtype.newbyteorder(">") == stored:
            return code
    names = ", ".join(stored.name for stored in DTYPES.values())
    raise TypeError(f"IDX cannot hold {dtype}; it holds {names}. Convert with array.astype(...).")
