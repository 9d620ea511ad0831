"""Where the IDX datasets come from, and how their files get in place.

A dataset called X lives in `root/X/raw/`, the layout that PyTorch users already have on disk, so
files that are there are used as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .atomic import discard_leftovers
from .download import download as fetch_file
from .download import file_md5
from .errors import DataFileError, DatasetNotFoundError
from .filelock import file_lock, lock_path
from .gz import SUFFIX as GZ_SUFFIX
from .gz import extract_gz

LOCK_TIMEOUT = 600.0


@dataclass(frozen=True)
class IdxFile:
    """One of a dataset's files: what it is for, its name when unpacked, the MD5 of its `.gz`."""

    role: str
    name: str
    gz_md5: str


@dataclass(frozen=True)
class IdxSource:
    """A dataset and the folders (ending in a slash) that carry its `.gz` files."""

    name: str
    mirrors: tuple[str, ...]
    files: tuple[IdxFile, ...]

    def raw_folder(self, root: str | os.PathLike[str]) -> Path:
        return Path(root) / self.name / "raw"


def _mnist_like(name: str, mirrors: tuple[str, ...], md5s: dict[str, str]) -> IdxSource:
    names = {
        "train_images": "train-images-idx3-ubyte",
        "train_labels": "train-labels-idx1-ubyte",
        "test_images": "t10k-images-idx3-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
    }
    return IdxSource(name, mirrors, tuple(IdxFile(r, n, md5s[r]) for r, n in names.items()))


MNIST = _mnist_like(
    "MNIST",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    {
        "train_images": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train_labels": "d53e105ee54ea40749a09fcbcd1e9432",
        "test_images": "9fb629c4189551a2d022fa330f9573f3",
        "test_labels": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)

FASHION_MNIST = _mnist_like(
    "FashionMNIST",
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    {
        "train_images": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train_labels": "25c81989df183df01b3e8a0aad5dffbe",
        "test_images": "bef4ecab320f06d8554ea6380940ec79",
        "test_labels": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)


def fetch_idx_set(
    source: IdxSource,
    raw_folder: str | os.PathLike[str],
    download: bool,
    *,
    progress: bool = False,
    timeout: float = 30.0,
) -> dict[str, Path]:
    """The path of each unpacked file by role, after fetching and unpacking what is missing.

    An unpacked file is taken as it is. A `.gz` is checked and unpacked. The network is used only
    if `download` is true and neither is there.
    """
    folder = Path(raw_folder)
    if not download:
        _require_all(source, folder)

    def obtain(packed: Path, md5: str) -> None:
        if download:
            urls = [mirror + packed.name for mirror in source.mirrors]
            fetch_file(urls, packed, md5, progress=progress, timeout=timeout)
        else:
            _require_md5(packed, md5)

    return {file.role: _unpacked(file, folder, obtain) for file in source.files}


def _require_all(source: IdxSource, folder: Path) -> None:
    missing = [
        f.name
        for f in source.files
        if not (folder / f.name).exists() and not (folder / (f.name + GZ_SUFFIX)).exists()
    ]
    if missing:
        raise DatasetNotFoundError(
            f"{source.name} is not complete in {folder.absolute()}: missing {', '.join(missing)}. "
            f"Pass download=True to download it, or put these files there, plain or with the "
            f"ending {GZ_SUFFIX}: {', '.join(f.name for f in source.files)}"
        )


def _unpacked(file: IdxFile, folder: Path, obtain: Callable[[Path, str], None]) -> Path:
    """The path of the unpacked file, made from its `.gz` (which `obtain` sees to) if need be."""
    plain = folder / file.name
    if plain.exists():
        return plain
    with file_lock(lock_path(plain), LOCK_TIMEOUT):
        if plain.exists():  # another process made it while we waited
            return plain
        discard_leftovers(plain)
        packed = folder / (file.name + GZ_SUFFIX)
        obtain(packed, file.gz_md5)
        return extract_gz(packed)


def _require_md5(path: Path, expected: str) -> None:
    found = file_md5(path)
    if found != expected:
        raise DataFileError(
            f"{path}: damaged file. Its MD5 is {found}, expected {expected} "
            f"({path.stat().st_size} bytes on disk). Pass download=True to replace it, or put the "
            f"unpacked file {path.with_suffix('').name} beside it."
        )
