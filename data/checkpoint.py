"""`save` and `load`: state dicts in one safetensors file, which never runs anything when read.

The state dict of a model becomes an ordinary safetensors file: other readers find each tensor under
its key. How nested state hangs together is kept in the file's metadata (see `structure`). Every
tensor is stored by itself, so two that share memory come back as two; gradients, gradient history
and the class of a parameter are not stored.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from ..tracer.device import Device, check_device
from ..tracer.tensor import eager_tensor
from .atomic import atomic_write
from .errors import DataFileError
from .structure import flatten, unflatten
from .tensorfile import METADATA, read_tensorfile, write_tensorfile

FilePath: TypeAlias = str | os.PathLike[str]

# The first is what other libraries look for before they take a file for the weights of a model.
FORMAT = {"format": "pt", "tapeout.version": "1"}
VERSION, STRUCTURE = "tapeout.version", "tapeout.structure"


def save(obj: Any, f: FilePath | BinaryIO) -> None:
    """Write tensors, numbers, strings, None, and dicts, lists and tuples of these.

    `f` is a path (the file appears there whole or not at all) or a binary file to write to.
    """
    arrays, structure = flatten(obj, frozenset({METADATA}))
    with _sink(f) as stream:
        write_tensorfile(stream, arrays, {**FORMAT, STRUCTURE: structure})


def load(f: FilePath | BinaryIO, map_location: Any = None, weights_only: bool = True) -> Any:
    """What `save` wrote to a path or binary file, or any other safetensors file as a dict.

    Tensors land on the CPU; `map_location` is checked, not needed. Nothing in a file is ever run,
    so `weights_only` makes no difference.
    """
    _check_location(map_location)
    content, where = _read(f)
    arrays, metadata = read_tensorfile(content, where)
    if STRUCTURE not in metadata:
        return {name: eager_tensor(array) for name, array in arrays.items()}
    if metadata.get(VERSION) != FORMAT[VERSION]:
        raise DataFileError(
            f"{where}: a checkpoint of version {metadata.get(VERSION)}, and this tapeout reads "
            f"version {FORMAT[VERSION]}: use the tapeout that wrote it"
        )
    try:
        return unflatten(metadata[STRUCTURE], arrays)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataFileError(
            f"{where}: corrupt checkpoint: its structure cannot be read "
            f"({type(error).__name__}: {error}). Save the state again."
        ) from None


@contextmanager
def _sink(f: FilePath | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(f, str | os.PathLike):
        yield _with_method(f, "write")
        return
    path = Path(os.path.realpath(f))  # a link stays a link
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give save() the path of a file in it")
    if path.exists() and not path.is_file():  # a pipe or a device must not be replaced
        with path.open("wb") as stream:
            yield stream
    else:
        with atomic_write(path) as stream:
            yield stream


def _read(f: FilePath | BinaryIO) -> tuple[bytes, str]:
    """The content, and what to call it in errors."""
    if isinstance(f, str | os.PathLike):
        return _read_path(Path(f)), str(f)
    content = _with_method(f, "read").read()
    if not isinstance(content, bytes):
        raise TypeError(f"load() reads bytes, and {f!r} gives text: open it in binary mode, 'rb'")
    return content, str(getattr(f, "name", f))


def _read_path(path: Path) -> bytes:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give load() the path of a file in it")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: no such file (looked for {path.absolute()}). Check the path, "
            f"or write it first with save(...)"
        ) from None


def _with_method(f: Any, method: str) -> BinaryIO:
    if not hasattr(f, method) or isinstance(f, io.TextIOBase):
        raise TypeError(
            f"expected a path or a binary file with a method {method}(), got {type(f).__name__}"
        )
    stream: BinaryIO = f
    return stream


def _check_location(location: Any) -> None:
    """Refuse a device that is not here; functions and tables end on the CPU whatever they say."""
    if isinstance(location, dict):
        for target in location.values():
            check_device(target)
    elif isinstance(location, str | Device):
        check_device(location)
    elif location is not None and not callable(location):
        raise TypeError(
            f"map_location takes a device, a string, a dict or a function, "
            f"not {type(location).__name__}"
        )
