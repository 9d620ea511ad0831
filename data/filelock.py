"""A lock between processes (and threads), named by a file.

Two kinds. `KernelLock` asks the operating system, which frees the lock of a process that dies.
`MarkerLock` works everywhere: the file's existence is the lock, so a process that is killed leaves
it behind, and the error of whoever waits for it says which file to delete.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import LockTimeoutError

if sys.platform != "win32":
    import fcntl

POLL_SECONDS = 0.02


class Lock(ABC):
    """One attempt at holding the lock file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def try_acquire(self) -> bool:
        """Take the lock if it is free, without waiting."""

    @abstractmethod
    def release(self) -> None:
        """Let the next one in."""


class MarkerLock(Lock):
    """Held while the file exists."""

    def try_acquire(self) -> bool:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return False
        signed = False
        try:
            _sign(descriptor)
            signed = True
        finally:
            os.close(descriptor)
            if not signed:  # a full disk must not leave a lock that nobody holds
                self.release()
        return True

    def release(self) -> None:
        self.path.unlink(missing_ok=True)


if sys.platform != "win32":

    class KernelLock(Lock):
        """Held through `flock` on the open file."""

        _descriptor: int

        def try_acquire(self) -> bool:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            held = False
            try:
                held = self._lock_open_file()
            finally:
                if not held:
                    os.close(self._descriptor)
            return held

        def release(self) -> None:
            # First the name, then the lock: a child forked meanwhile may keep the file open, and
            # with it the lock, but whoever comes next makes a file of its own.
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)

        def _lock_open_file(self) -> bool:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if not self._is_still_at_path():
                return False
            _sign(self._descriptor)
            return True

        def _is_still_at_path(self) -> bool:
            # The last holder deletes the file: a lock on a deleted file excludes nobody.
            try:
                return os.path.samestat(os.fstat(self._descriptor), os.stat(self.path))
            except FileNotFoundError:
                return False

    DEFAULT_LOCK: type[Lock] = KernelLock
else:
    DEFAULT_LOCK = MarkerLock


@contextmanager
def file_lock(path: Path, timeout: float, kind: type[Lock] = DEFAULT_LOCK) -> Iterator[None]:
    """Hold the lock file `path` during the block; wait for it for at most `timeout` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = kind(path)
    _acquire(lock, timeout)
    try:
        yield
    finally:
        lock.release()


def lock_path(path: Path) -> Path:
    """The lock file that guards the making of `path`."""
    return path.with_name(f".{path.name}.lock")


def _acquire(lock: Lock, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not lock.try_acquire():
        if time.monotonic() >= deadline:
            raise LockTimeoutError(_timeout_message(lock.path, timeout))
        time.sleep(POLL_SECONDS)


def _timeout_message(path: Path, timeout: float) -> str:
    return (
        f"waited {timeout:g} s for the lock {path}, held by {_holder(path)}. "
        f"If that process is still at work, wait for it and run this again; "
        f"if it is gone, delete the lock file."
    )


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)  # a holder that was killed may have left its name
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())


def _holder(path: Path) -> str:
    try:
        return path.read_text() or "a process that left no name"
    except OSError:
        return "a process that left no name"
