"""A file lock lets one in at a time, wherever the others are, and does not outlive its holder."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from tapeout.data import filelock
from tapeout.data.errors import LockTimeoutError
from tapeout.data.filelock import DEFAULT_LOCK, MarkerLock, file_lock, lock_path

KINDS = sorted({MarkerLock, DEFAULT_LOCK}, key=lambda kind: kind.__name__)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)

HOLD_UNTIL_KILLED = """
import pathlib, sys, time
from tapeout.data import filelock
with filelock.file_lock(pathlib.Path(sys.argv[1]), 5, getattr(filelock, sys.argv[2])):
    print("held", flush=True)
    time.sleep(30)
"""


@every_kind
def test_one_at_a_time(tmp_path, kind):
    inside, most = 0, 0

    def visit():
        nonlocal inside, most
        for _ in range(5):
            with file_lock(tmp_path / "lock", 20, kind):
                inside += 1
                most = max(most, inside)
                time.sleep(0.002)
                inside -= 1

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(25)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 1


@every_kind
def test_leaves_no_file_even_after_an_error(tmp_path, kind):
    path = tmp_path / "deeper" / "lock"

    def fail_inside():
        with file_lock(path, 1, kind):
            assert path.exists()
            raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        fail_inside()
    assert list(path.parent.iterdir()) == []


@every_kind
def test_a_lock_that_cannot_be_signed_is_not_held(tmp_path, kind, monkeypatch):
    def full(descriptor, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tapeout.data.filelock.os.write", full)
        with pytest.raises(OSError, match="No space left"):
            kind(tmp_path / "lock").try_acquire()
    with file_lock(tmp_path / "lock", 0, kind):
        pass


@every_kind
def test_timeout_names_the_holder_and_the_way_out(tmp_path, kind):
    path = tmp_path / "lock"
    with file_lock(path, 1, kind):
        start = time.monotonic()
        with pytest.raises(LockTimeoutError) as caught, file_lock(path, 0.1, kind):
            pass
        assert 0.1 <= time.monotonic() - start < 5
    text = str(caught.value)
    assert text.startswith(f"waited 0.1 s for the lock {path}, held by process {os.getpid()} on ")
    assert "if it is gone, delete the lock file" in text
    assert isinstance(caught.value, TimeoutError)


def killed_holder(path, kind) -> int:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_KILLED, str(path), kind.__name__],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    return holder.pid


needs_flock = pytest.mark.skipif(DEFAULT_LOCK is MarkerLock, reason="this system has no flock")


@needs_flock
def test_kernel_lock_of_a_killed_process_is_free(tmp_path):
    killed_holder(tmp_path / "lock", DEFAULT_LOCK)
    with file_lock(tmp_path / "lock", 1):
        pass


@needs_flock
def test_kernel_lock_shows_its_holder_and_not_an_earlier_one(tmp_path):
    (tmp_path / "lock").write_text("process 123456789 on a machine with quite a long name" * 9)
    with file_lock(tmp_path / "lock", 1):
        name = (tmp_path / "lock").read_text()
    assert name == f"process {os.getpid()} on {socket.gethostname()}"


@needs_flock
def test_kernel_lock_is_free_although_a_forked_child_has_the_file_open(tmp_path):
    lock = DEFAULT_LOCK(tmp_path / "lock")
    assert lock.try_acquire()
    inherited = os.dup(lock._descriptor)
    lock.release()
    try:
        assert lock.try_acquire()
        lock.release()
    finally:
        os.close(inherited)


def test_marker_of_a_killed_process_is_reported_with_its_id(tmp_path):
    pid = killed_holder(tmp_path / "lock", MarkerLock)
    with (
        pytest.raises(LockTimeoutError, match=f"held by process {pid} on "),
        file_lock(tmp_path / "lock", 0.05, MarkerLock),
    ):
        pass
    (tmp_path / "lock").unlink()
    with file_lock(tmp_path / "lock", 0.05, MarkerLock):
        pass


@needs_flock
def test_kernel_lock_on_a_deleted_file_does_not_count(tmp_path, monkeypatch):
    """Between opening and locking, the last holder may delete the file and a third one make it."""
    path, real, other = tmp_path / "lock", filelock.fcntl.flock, DEFAULT_LOCK(tmp_path / "lock")

    def replaced_meanwhile(descriptor, operation):
        monkeypatch.setattr(filelock.fcntl, "flock", real)
        path.unlink()
        assert other.try_acquire()
        real(descriptor, operation)

    monkeypatch.setattr(filelock.fcntl, "flock", replaced_meanwhile)
    late = DEFAULT_LOCK(path)
    assert not late.try_acquire()
    other.release()
    assert late.try_acquire()
    late.release()


def test_lock_path_is_hidden_and_beside_the_file(tmp_path):
    assert lock_path(tmp_path / "a.gz") == tmp_path / ".a.gz.lock"
