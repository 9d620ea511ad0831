"""Fetch one file from the first of its mirrors that has it, and never leave half of it behind."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .atomic import atomic_write, discard_leftovers
from .errors import DownloadError
from .filelock import file_lock, lock_path
from .mirror import MirrorError, Opener, open_address, read_chunks
from .progress import ProgressLine


def download(
    urls: str | Sequence[str],
    destination: str | os.PathLike[str],
    md5: str | None,
    *,
    timeout: float = 30.0,
    lock_timeout: float = 600.0,
    progress: bool = False,
    opener: Opener = open_address,
) -> Path:
    """Make sure that `destination` holds the file with this MD5, trying `urls` in order.

    Nothing is fetched if it already does. Several processes may ask at once: one fetches, the
    others wait for it. `timeout` bounds each wait for a server, `lock_timeout` that for another
    process. With `md5=None` any content counts as right.
    """
    mirrors = (urls,) if isinstance(urls, str) else tuple(urls)
    job = _Job(mirrors, Path(destination), md5, timeout, progress, opener)
    if not job.is_done():
        with file_lock(lock_path(job.destination), lock_timeout):
            if not job.is_done():  # asked again: whoever held the lock may have done it
                job.run()
    return job.destination


def file_md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, _new_md5).hexdigest()


@dataclass(frozen=True)
class _Job:
    mirrors: tuple[str, ...]
    destination: Path
    md5: str | None
    timeout: float
    progress: bool
    opener: Opener

    def __post_init__(self) -> None:
        if not self.mirrors:
            raise ValueError(f"no address to download {self.destination} from: urls is empty")
        if self.md5 is not None and not re.fullmatch(r"[0-9a-f]{32}", self.md5):
            raise ValueError(f"md5={self.md5!r} is not 32 lower-case hexadecimal digits")

    def is_done(self) -> bool:
        if not self.destination.exists():
            return False
        return self.md5 is None or file_md5(self.destination) == self.md5

    def run(self) -> None:
        discard_leftovers(self.destination)
        self._warn_of_replacement()
        reasons = []
        for url in self.mirrors:
            try:
                return self._fetch(url)
            except MirrorError as error:
                reasons.append(f"  {url}: {error}")
        raise DownloadError(self._failure(reasons))

    def _fetch(self, url: str) -> None:
        digest, size = _new_md5(), 0
        line = ProgressLine(self.destination.name, sys.stderr if self.progress else None)
        with atomic_write(self.destination) as sink, line:
            for chunk, total in read_chunks(url, self.timeout, self.opener):
                digest.update(chunk)
                size += sink.write(chunk)
                line.advance(len(chunk), total)
            self._require_md5(digest.hexdigest(), size)

    def _require_md5(self, found: str, size: int) -> None:
        if self.md5 not in (None, found):
            raise MirrorError(f"sent {size} bytes with MD5 {found}, expected {self.md5}")

    def _warn_of_replacement(self) -> None:
        if self.destination.exists():
            warnings.warn(
                f"{self.destination} has MD5 {file_md5(self.destination)}, expected {self.md5}: "
                f"downloading it again",
                stacklevel=4,
            )

    def _failure(self, reasons: list[str]) -> str:
        described = f" (MD5 {self.md5})" if self.md5 else ""
        return "\n".join(
            [
                f"could not download {self.destination.name}; mirrors tried: {len(reasons)}",
                *reasons,
                f"Check the network, or get the file by other means{described} "
                f"and save it as {self.destination.absolute()}",
            ]
        )


def _new_md5() -> hashlib._Hash:
    # It guards against damage, not against an attacker; the flag lets FIPS systems compute it.
    return hashlib.md5(usedforsecurity=False)
