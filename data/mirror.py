"""Read what one address serves, and say plainly what it did wrong if it fails."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email.message import Message
from http.client import HTTPException
from typing import Protocol
from urllib.error import HTTPError, URLError

CHUNK = 1 << 16


class MirrorError(Exception):
    """Why one mirror did not give the file."""


class Response(Protocol):
    """What an opened address must offer."""

    @property
    def headers(self) -> Message: ...

    def read(self, size: int, /) -> bytes: ...


Opener = Callable[[str, float], AbstractContextManager[Response]]


def open_address(url: str, timeout: float) -> AbstractContextManager[Response]:
    """Open any address that urllib knows (http, https, file); each wait is at most `timeout`."""
    request = urllib.request.Request(url, headers={"User-Agent": "tapeout"})
    response: AbstractContextManager[Response] = urllib.request.urlopen(request, timeout=timeout)
    return response


def read_chunks(url: str, timeout: float, opener: Opener) -> Iterator[tuple[bytes, int | None]]:
    """The body at `url` piece by piece, each with the announced length of the whole if known.

    Whatever the mirror does wrong becomes a `MirrorError`; errors of the reader of this iterator
    (a full disk, say) do not.
    """
    try:
        with opener(url, timeout) as response:
            yield from _whole_body(response)
    except (OSError, HTTPException, ValueError) as error:
        raise MirrorError(_reason(error, timeout)) from error


def _whole_body(response: Response) -> Iterator[tuple[bytes, int | None]]:
    length = response.headers.get("Content-Length")
    total = None if length is None else int(length)
    received = 0
    while chunk := response.read(CHUNK):
        received += len(chunk)
        yield chunk, total
    if total is not None and received != total:
        raise MirrorError(f"the connection ended after {received} of {total} bytes")


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {timeout:g} s"
    return cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
