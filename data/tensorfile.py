"""The safetensors file format: named arrays and a few strings in one file, nothing that can run.

Eight bytes that give the length of the header, the header in JSON (for each array its element type,
shape and place among the data; under `__metadata__` strings by name), then the data, little-endian,
without gaps. Written here rather than by the `safetensors` package because that has no bfloat16
without a framework, and does not say what is wrong with a damaged file.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np
import numpy.typing as npt

from .errors import DataFileError

Array = npt.NDArray[Any]

DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
METADATA = "__metadata__"
PREFIX = struct.Struct("<Q")
LARGEST_HEADER = 100_000_000  # what other readers of the format accept
ALIGNMENT = 8


def write_tensorfile(
    stream: BinaryIO, arrays: Mapping[str, Array], metadata: Mapping[str, str]
) -> None:
    """Write the arrays, described in the order given, and the strings."""
    # The data goes by falling element size, so that every array is aligned to its elements.
    laid_out = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    ends, end = {}, 0
    for name in laid_out:
        end += arrays[name].nbytes
        ends[name] = end
    header: dict[str, Any] = {METADATA: dict(metadata)}
    for name, array in arrays.items():
        header[name] = _entry(array, ends[name])
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    stream.write(PREFIX.pack(len(text)) + text)
    for name in laid_out:
        stream.write(_little_endian(arrays[name]).tobytes())


def read_tensorfile(content: bytes, where: str) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays, writable and in the header's order, and the strings. `where` is for errors."""
    header, start = _read_header(content, where)
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _corrupt(where, f"{METADATA} is not a table of strings")
    entries = {name: _checked(name, entry, where) for name, entry in header.items()}
    _check_layout(entries, len(content) - start, where)
    data = memoryview(content)[start:]
    return {name: _array(data, *entry) for name, entry in entries.items()}, metadata


_Entry = tuple[np.dtype[Any], tuple[int, ...], int, int]


def _entry(array: Array, end: int) -> dict[str, Any]:
    code = next(code for code, dtype in DTYPES.items() if dtype == array.dtype.newbyteorder("<"))
    return {
        "dtype": code,
        "shape": list(array.shape),
        "data_offsets": [end - array.nbytes, end],
    }


def _little_endian(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _read_header(content: bytes, where: str) -> tuple[dict[str, Any], int]:
    if len(content) < PREFIX.size + 2:
        raise _foreign(where, content)
    (length,) = PREFIX.unpack_from(content)
    start = PREFIX.size + length
    if length > LARGEST_HEADER or content[PREFIX.size : PREFIX.size + 1] != b"{":
        raise _foreign(where, content)
    if start > len(content):
        raise _truncated(where, start, len(content))
    try:
        header = json.loads(content[PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        raise _corrupt(where, f"its header is not valid JSON ({error})") from None
    return header, start


def _checked(name: str, entry: Any, where: str) -> _Entry:
    try:
        dtype = DTYPES[entry["dtype"]]
        shape, (start, end) = tuple(entry["shape"]), entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        known = ", ".join(DTYPES)
        raise _corrupt(where, f"the entry of {name!r} is {entry}; known types: {known}") from None
    whole = all(type(number) is int and number >= 0 for number in (*shape, start, end))
    if not whole or end - start != math.prod(shape) * dtype.itemsize:
        raise _corrupt(where, f"{name!r} of {dtype.name}{list(shape)} has bytes {start} to {end}")
    return dtype, shape, start, end


def _check_layout(entries: dict[str, _Entry], found: int, where: str) -> None:
    """The arrays follow each other without gaps and fill the file."""
    reached = 0
    for name, start, end in sorted(_places(entries), key=lambda place: place[1:]):
        if start != reached:
            raise _corrupt(where, f"{name!r} starts at byte {start} of the data, not {reached}")
        reached = end
    if found < reached:
        raise _truncated(where, reached, found)
    if found > reached:
        raise _corrupt(where, f"{found - reached} bytes follow its {reached} bytes of data")


def _places(entries: dict[str, _Entry]) -> Iterator[tuple[str, int, int]]:
    for name, (_, _, start, end) in entries.items():
        yield name, start, end


def _array(data: memoryview, dtype: np.dtype[Any], shape: Any, start: int, end: int) -> Array:
    stored = np.frombuffer(data[start:end], dtype).reshape(shape)
    return stored.astype(dtype.newbyteorder("="))  # a copy, which is writable


def _foreign(where: str, content: bytes) -> DataFileError:
    return DataFileError(
        f"{where}: not a checkpoint. It has {len(content)} bytes and starts with "
        f"{content[:8]!r}; a checkpoint starts with the length of its header and an opening brace. "
        f"{_guess(content)}"
    )


def _guess(content: bytes) -> str:
    if content[:2] in (b"PK", b"\x80\x02"):
        return (
            "It looks like a file that PyTorch pickled, which cannot be read without running what "
            "is in it: load it in PyTorch and save it with safetensors.torch.save_file(...)."
        )
    return "Check the path, or save the state again with save(...)."


def _truncated(where: str, expected: int, found: int) -> DataFileError:
    return DataFileError(
        f"{where}: truncated checkpoint. Its header announces {expected} bytes, {found} are there. "
        f"Copy or download it again, or save the state again."
    )


def _corrupt(where: str, reason: str) -> DataFileError:
    return DataFileError(
        f"{where}: corrupt checkpoint: {reason}. Copy or download it again, "
        f"or save the state again."
    )
