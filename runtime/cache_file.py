"""The format of a file in the cache: a header that proves the content, then the content.

The proof is a hash over the key and the content, so a file that was cut short, changed, or put under another key's name
is told from a good one.
"""

from __future__ import annotations

import hashlib
import struct

MAGIC = b"tapeout\n"
VERSION = 1
_HEADER = struct.Struct("<8sIQ32s")  # magic, version, length of the content, hash


class DamagedError(ValueError):
    """The bytes are not what was stored under the key."""


def sealed(key: str, content: bytes) -> bytes:
    """The bytes of the file that keeps `content` under `key`."""
    return _HEADER.pack(MAGIC, VERSION, len(content), _proof(key, content)) + content


def opened(key: str, data: bytes) -> bytes:
    """The content of a file's bytes, if it is what was stored under `key`."""
    if len(data) < _HEADER.size:
        raise DamagedError(f"it has {len(data)} bytes, fewer than a header ({_HEADER.size})")
    magic, version, length, proof = _HEADER.unpack_from(data)
    content = data[_HEADER.size :]
    if magic != MAGIC:
        raise DamagedError("it does not begin as a file of this cache does")
    if version != VERSION:
        raise DamagedError(f"it has format version {version}, not {VERSION}")
    if length != len(content):
        raise DamagedError(f"it holds {len(content)} bytes of content, not {length}")
    if proof != _proof(key, content):
        raise DamagedError("its hash is not that of its key and content")
    return content


def _proof(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()
