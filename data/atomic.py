"""Write a file so that its path shows all of it or nothing, whatever happens meanwhile.

The bytes go to a hidden file in the same folder, which is renamed when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become `path` if the block ends well, and vanish if it raises.

    Missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not `tempfile`: its files are private to their owner, and a dataset is often shared.
    temporary = path.with_name(f"{_prefix(path)}{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def discard_leftovers(path: Path) -> None:
    """Delete what writers of `path` that were killed left beside it.

    Hold the lock of `path`: a living writer's file looks the same.
    """
    for leftover in path.parent.glob(f"{escape(_prefix(path))}*"):
        leftover.unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    return f".{path.name}.part-"
