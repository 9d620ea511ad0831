"""Compiled code on disk, so that the next process need not compile.

Lives in the user's cache folder, or in TAPEOUT_CACHE_DIR; TAPEOUT_CACHE=0 does without. Keys are made by `cache_key`
from everything the content depends on. What `get` returns is what was `put` under the same key, to the byte.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from pathlib import Path

import platformdirs

from .cache_folder import CacheFolder, Entry

FOLDER = "TAPEOUT_CACHE_DIR"
SWITCH = "TAPEOUT_CACHE"
LIMIT = 1 << 30
_KEY = re.compile("[0-9a-f]{64}")


def cache_key(kind: str, *parts: str | bytes) -> str:
    """The key of what is made from `parts`; other parts, or the same in another cut, give another."""
    digest = hashlib.sha256()
    for part in (kind, *parts):
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"s" if isinstance(part, str) else b"b")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def get(key: str) -> bytes | None:
    """What is stored under a key; None if nothing is, or the cache is off."""
    folder = _folder()
    return folder.get(_checked(key)) if folder else None


def put(key: str, content: bytes) -> None:
    """Store under a key."""
    folder = _folder()
    if folder:
        folder.put(_checked(key), content)


def entries() -> list[Entry]:
    """What is stored, the least recently used first."""
    folder = _folder()
    return folder.entries() if folder else []


def clear() -> int:
    """Remove everything; how many bytes that freed."""
    folder = _folder()
    return folder.clear() if folder else 0


def cache_dir() -> Path | None:
    """Where entries are kept; None if the cache is off."""
    if os.environ.get(SWITCH, "1") == "0":
        return None
    chosen = os.environ.get(FOLDER)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("tapeout"))


def _folder() -> CacheFolder | None:
    where = cache_dir()
    return _folder_at(where, LIMIT) if where else None


@cache
def _folder_at(where: Path, limit: int) -> CacheFolder:
    return CacheFolder(where, limit)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key of the cache; make keys with cache_key()")
    return key
