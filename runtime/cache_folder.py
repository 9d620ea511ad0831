"""A folder of compiled code, shared by all processes: files named by their keys, written in one step, bounded in size.

Trouble is never fatal. A damaged file is removed and counts as absent; a folder that cannot be written is done without;
either is reported once.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .cache_file import DamagedError, opened, sealed

ENDING = ".bin"
UNFINISHED = ".part"
UNFINISHED_SECONDS = 3600.0  # after this time nobody is still writing
KEPT_SHARE = 0.9  # evicting a little more than needed spares the next writers from doing it again


class CacheWarning(UserWarning):
    """The cache does not work as it should; programs do."""


@dataclass(frozen=True)
class Entry:
    """One file of the cache."""

    key: str
    size: int
    used: float  # seconds since the epoch


class CacheFolder:
    """The entries in one folder, `limit` bytes at most."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._size: int | None = None  # what we believe the entries take; None until counted
        self._reported: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """What is stored under a key, if anything sound is."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._report("read", f"the cache in {self.folder} cannot be read ({error})")
            return None
        try:
            content = opened(key, data)
        except DamagedError as damage:
            self._discard(path, damage)
            return None
        self._touch(path)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Store under a key, replacing what is there in one step."""
        data = sealed(key, content)
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(path, data)
            self._bound(len(data))
        except OSError as error:
            self._report(
                "write",
                f"compiled code is not kept: the cache in {self.folder} cannot be written "
                f"({error}). Set TAPEOUT_CACHE_DIR to a folder that can, or TAPEOUT_CACHE=0",
            )

    def entries(self) -> list[Entry]:
        """What is stored, the least recently used first."""
        return sorted(self._scan(), key=lambda entry: (entry.used, entry.key))

    def clear(self) -> int:
        """Remove everything; how many bytes that freed."""
        freed = 0
        for entry in self.entries():
            self._path(entry.key).unlink(missing_ok=True)
            freed += entry.size
        self._sweep(0.0)
        self._size = None
        return freed

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / (key + ENDING)

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}.{os.urandom(4).hex()}{UNFINISHED}")
        try:
            unfinished.write_bytes(data)
            # Another process may be clearing the cache: then this goes too.
            with suppress(FileNotFoundError):
                unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _touch(self, path: Path) -> None:
        # A folder that may only be read still serves; it just does not learn what is in use.
        with suppress(OSError):
            os.utime(path)

    def _discard(self, path: Path, damage: DamagedError) -> None:
        outcome = "it was removed"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            outcome = f"it cannot be removed ({error})"
        self._report(str(path), f"{path} is damaged: {damage}; {outcome} and will be made again")

    def _bound(self, added: int) -> None:
        """Keep within the limit. Other processes write too, so the folder is counted when it matters."""
        if self._size is not None:
            self._size += added
        if self._size is None or self._size > self.limit:
            self._size = self._evict()

    def _evict(self) -> int:
        entries = self.entries()
        size = sum(entry.size for entry in entries)
        if size <= self.limit:
            return size
        self._sweep(UNFINISHED_SECONDS)
        for entry in entries:
            if size <= self.limit * KEPT_SHARE:
                break
            self._path(entry.key).unlink(missing_ok=True)
            size -= entry.size
        return size

    def _scan(self) -> Iterator[Entry]:
        for path in self.folder.glob(f"??/*{ENDING}"):
            try:
                found = path.stat()
            except FileNotFoundError:  # another process evicted it
                continue
            yield Entry(path.stem, found.st_size, found.st_mtime)

    def _sweep(self, age: float) -> None:
        """Remove what writers that were killed left behind."""
        for path in self.folder.glob(f"??/*{UNFINISHED}"):
            try:
                if time.time() - path.stat().st_mtime >= age:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _report(self, about: str, message: str) -> None:
        if about not in self._reported:
            self._reported.add(about)
            warnings.warn(message, CacheWarning, stacklevel=4)
