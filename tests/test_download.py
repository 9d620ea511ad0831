"""Downloads from a server on the loopback address: the right file whole, or nothing and why."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tapeout.data.download import download, file_md5
from tapeout.data.errors import DownloadError, LockTimeoutError
from tapeout.data.filelock import file_lock, lock_path
from tapeout.data.progress import ProgressLine

BODY = bytes(range(256)) * 700  # more than two chunks
MD5 = hashlib.md5(BODY).hexdigest()
OTHER = b"something else"

FETCH = """
import sys
from tapeout.data.download import download
print("ready", flush=True)
download(sys.argv[1], sys.argv[2], sys.argv[3])
"""


class Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self):
        self.server.requests.append(self.path)
        getattr(self, f"serve_{self.path.strip('/')}", self.serve_missing)()

    def serve_good(self):
        self.send_body(BODY, len(BODY))

    def serve_held(self):
        """Answers when the test says so."""
        assert self.server.go.wait(10)
        self.serve_good()

    def serve_other(self):
        self.send_body(OTHER, len(OTHER))

    def serve_truncated(self):
        self.send_body(BODY[:100_000], len(BODY))

    def serve_unsized(self):
        self.send_body(BODY, None)

    def serve_unsized_truncated(self):
        self.send_body(BODY[:100_000], None)

    def serve_nonsense(self):
        self.wfile.write(b"hello\r\n\r\n")

    def serve_silent(self):
        self.server.go.wait(10)

    def serve_missing(self):
        self.send_error(404, "Not Here")

    def send_body(self, body, length):
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.go = threading.Event()

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def handle_error(self, request, client_address):
        """A client that hangs up early is part of the tests."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.go.set()
        running.shutdown()
        thread.join(10)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "file.gz"


def names_beside(path):
    return {p.name for p in path.parent.iterdir()}


def test_success(server, target):
    assert download([server.url("good"), server.url("other")], str(target), MD5) == target
    assert target.read_bytes() == BODY
    assert names_beside(target) == {"file.gz"}
    assert server.requests == ["/good"]


@pytest.mark.parametrize("name", ["unsized", "good"])
def test_one_url_and_no_checksum(server, target, name):
    assert download(server.url(name), target, None).read_bytes() == BODY


def test_a_right_file_is_not_fetched_again(server, target):
    download(server.url("good"), target, MD5)
    download(server.url("good"), target, MD5)
    download(server.url("other"), target, None)
    assert server.requests == ["/good"]
    assert target.read_bytes() == BODY


def test_a_right_file_needs_no_lock(server, target):
    """So it can be used from a folder that may only be read."""
    download(server.url("good"), target, MD5)
    with file_lock(lock_path(target), 1):
        assert download(server.url("good"), target, MD5, lock_timeout=0) == target


def test_a_wrong_file_is_replaced_with_a_warning(server, target):
    download(server.url("other"), target, None)
    found = hashlib.md5(OTHER).hexdigest()
    with pytest.warns(UserWarning, match=f"{found}, expected {MD5}: downloading it") as caught:
        download(server.url("good"), target, MD5)
    assert caught[0].filename == __file__
    assert target.read_bytes() == BODY


REASONS = {
    "missing": "HTTP 404 Not Here",
    "truncated": f"the connection ended after 100000 of {len(BODY)} bytes",
    "unsized_truncated": f"sent 100000 bytes with MD5 {hashlib.md5(BODY[:100_000]).hexdigest()}, ",
    "other": f"sent {len(OTHER)} bytes with MD5 {hashlib.md5(OTHER).hexdigest()}, expected {MD5}",
    "nonsense": "BadStatusLine: hello",
    "silent": "no answer within 0.3 s",
}


@pytest.mark.parametrize("bad", REASONS)
def test_the_next_mirror_is_tried_after_a_bad_one(server, target, bad):
    download([server.url(bad), server.url("good")], target, MD5, timeout=0.3)
    assert target.read_bytes() == BODY
    assert server.requests == [f"/{bad}", "/good"]
    assert names_beside(target) == {"file.gz"}


@pytest.mark.parametrize("bad", REASONS)
def test_a_bad_mirror_is_reported_with_its_reason(server, target, bad):
    start = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        download(server.url(bad), target, MD5, timeout=0.3)
    assert time.monotonic() - start < 5
    assert f"\n  {server.url(bad)}: {REASONS[bad]}" in str(caught.value)
    assert names_beside(target) == set()


def test_failure_lists_every_mirror_and_says_where_to_put_the_file(server, target):
    urls = [server.url("missing"), "http://127.0.0.1:1/x", "nowhere/x", server.url("other")]
    with pytest.raises(DownloadError) as caught:
        download(urls, target, MD5)
    lines = str(caught.value).split("\n")
    assert lines[0] == "could not download file.gz; mirrors tried: 4"
    assert lines[1] == f"  {urls[0]}: {REASONS['missing']}"
    assert lines[2].startswith("  http://127.0.0.1:1/x: ConnectionRefusedError: ")
    assert lines[3] == "  nowhere/x: ValueError: unknown url type: 'nowhere/x'"
    assert lines[4] == f"  {urls[3]}: {REASONS['other']}"
    assert lines[5] == (
        f"Check the network, or get the file by other means (MD5 {MD5}) and save it as {target}"
    )


def test_failure_keeps_what_was_there(server, target):
    download(server.url("other"), target, None)
    with pytest.warns(UserWarning, match="downloading it again"), pytest.raises(DownloadError):
        download(server.url("missing"), target, MD5)
    assert target.read_bytes() == OTHER


def stopping_opener(error):
    """An opener whose second read raises `error`."""

    class Stopping(io.BytesIO):
        headers = Message()

        def read(self, size=-1):
            if self.tell():
                raise error
            return super().read(size)

    @contextmanager
    def opener(url, timeout):
        yield Stopping(BODY)

    return opener


def test_an_interrupted_download_leaves_nothing(target):
    with pytest.raises(KeyboardInterrupt):
        download("any://where", target, MD5, opener=stopping_opener(KeyboardInterrupt()))
    assert names_beside(target) == set()


def test_a_broken_connection_is_the_mirrors_fault(target):
    with pytest.raises(DownloadError, match="any://where: ConnectionResetError: gone"):
        download("any://where", target, MD5, opener=stopping_opener(ConnectionResetError("gone")))
    assert names_beside(target) == set()


def test_a_full_disk_is_not_the_mirrors_fault(server, target, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tapeout.data.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        download([server.url("good"), server.url("good")], target, MD5)
    assert server.requests == ["/good"]
    assert names_beside(target) == set()


def fetching_process(server, target):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, server.url("held"), str(target), MD5],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        time.sleep(0.01)


def test_two_processes_at_once_fetch_once(server, target):
    processes = [fetching_process(server, target) for _ in range(2)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 2
    wait_for(lambda: server.requests)
    time.sleep(0.2)  # the other one is at the lock by now; without a lock it would have asked too
    server.go.set()
    assert [process.communicate(timeout=10)[0] for process in processes] == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]
    assert server.requests == ["/held"]
    assert target.read_bytes() == BODY
    assert names_beside(target) == {"file.gz"}


def test_a_killed_download_is_cleaned_up_by_the_next(server, target):
    with fetching_process(server, target) as process:
        wait_for(lambda: server.requests)
        wait_for(lambda: lock_path(target).exists())
        process.kill()
    (target.parent / f".{target.name}.part-1-dead").write_bytes(b"half")
    (target.parent / f".{target.name}x.part-1-dead").write_bytes(b"of another file")
    assert not target.exists()
    download(server.url("good"), target, MD5, lock_timeout=5)
    assert names_beside(target) == {"file.gz", ".file.gzx.part-1-dead"}


def test_waiting_for_another_process_ends(server, target):
    with file_lock(lock_path(target), 1), pytest.raises(LockTimeoutError, match=r"waited 0\.1 s"):
        download(server.url("good"), target, MD5, lock_timeout=0.1)
    assert server.requests == []


@pytest.mark.parametrize("md5", ["", "abc", MD5.upper(), f"{MD5}\n", "g" * 32])
def test_a_malformed_checksum_is_refused_before_any_request(target, md5):
    with pytest.raises(ValueError, match="is not 32 lower-case hexadecimal digits"):
        download("any://where", target, md5)


def test_no_urls(target):
    with pytest.raises(ValueError, match=r"file\.gz from: urls is empty"):
        download([], target, MD5)


def test_file_url_and_file_md5(tmp_path):
    (tmp_path / "source").write_bytes(BODY)
    path = download((tmp_path / "source").as_uri(), tmp_path / "copy", MD5)
    assert file_md5(path) == MD5


def test_progress_goes_to_stderr_once_in_a_log(server, target, capsys):
    download([server.url("truncated"), server.url("good")], target, MD5, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "file.gz: 0.1 of 0.2 MB\nfile.gz: 0.2 of 0.2 MB\n"


def test_no_progress_unless_asked(server, target, capsys):
    download(server.url("good"), target, MD5)
    assert capsys.readouterr() == ("", "")


def test_progress_redraws_on_a_terminal(monkeypatch):
    monkeypatch.setattr("tapeout.data.progress.REDRAW_SECONDS", 0)
    screen = io.StringIO()
    screen.isatty = lambda: True
    with ProgressLine("x", screen) as line:
        line.advance(1_500_000, None)
        line.advance(2_000_000, 4_000_000)
    assert screen.getvalue() == "\rx: 1.5 of ? MB\rx: 3.5 of 4.0 MB\rx: 3.5 of 4.0 MB\n"
