"""Reading gzip files: as a stream whose damage is reported by path, and unpacked to a file."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

from .atomic import atomic_write
from .errors import DataFileError

GZIP_MAGIC = b"\x1f\x8b"
SUFFIX = ".gz"


@contextmanager
def open_gz(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of `path`; damage met while reading them raises `DataFileError`."""
    try:
        with gzip.open(path, "rb") as stream:
            yield cast(BinaryIO, stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataFileError(
            f"{path}: damaged gzip file ({error}; {path.stat().st_size} bytes on disk). "
            f"Delete it and download it again."
        ) from error


@contextmanager
def open_plain_or_gz(path: Path) -> Iterator[BinaryIO]:
    """The bytes of `path`, unpacked if its first two say that it is gzipped."""
    with path.open("rb") as stream:
        is_gzipped = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        stream.seek(0)
        if not is_gzipped:
            yield stream
    if is_gzipped:
        with open_gz(path) as unpacked:
            yield unpacked


def extract_gz(path: str | PathLike[str]) -> Path:
    """Unpack `name.gz` to `name` beside it, whole or not at all, and return that path."""
    packed = Path(path)
    if packed.suffix != SUFFIX:
        raise ValueError(f"{packed}: expected a name that ends in {SUFFIX!r}")
    target = packed.with_suffix("")
    with open_gz(packed) as source, atomic_write(target) as sink:
        shutil.copyfileobj(source, sink)
    return target
