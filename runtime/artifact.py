"""A compiled program as data: its code, and all that is needed to call it. It goes to disk and comes back the same."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from .arguments import Argument

FORMAT = 1


class ArtifactError(ValueError):
    """Bytes that are no artifact of this version."""


@dataclass(frozen=True)
class Returned:
    """One result: where it replaces an argument, the number of that."""

    dtype: str
    shape: tuple[int, ...]
    into: int | None = None


@dataclass(frozen=True)
class Artifact:
    """The objects export `step`, which works on a table of addresses: of the arguments, of the results that replace no
    argument, of the arena, of the status; and `region`, which is `step` for the thread pool.
    """

    name: str
    arguments: tuple[Argument, ...]
    results: tuple[Returned, ...]
    arena_bytes: int
    scratch_bytes: int
    """What each part needs in the arena besides."""
    parts: int
    """How many parts are worth while."""
    complaints: tuple[tuple[str, str], ...]
    """Of the kernels that can refuse their operands: the error's class, and what it says, with `{}` for the number."""
    objects: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """A header of text, then the objects one after the other."""
        header = {
            "format": FORMAT,
            "name": self.name,
            "arguments": [[a.name, a.dtype.name, a.shape, a.writable] for a in self.arguments],
            "results": [[r.dtype, r.shape, r.into] for r in self.results],
            "arena": [self.arena_bytes, self.scratch_bytes, self.parts],
            "complaints": self.complaints,
            "objects": [len(code) for code in self.objects],
        }
        return b"\n".join([json.dumps(header).encode(), b"".join(self.objects)])


def from_bytes(data: bytes) -> Artifact:
    """The artifact that `to_bytes` wrote."""
    text, _, code = data.partition(b"\n")
    try:
        header = json.loads(text)
    except ValueError as error:
        raise ArtifactError(f"not a compiled program: {error}") from None
    if header.get("format") != FORMAT:
        raise ArtifactError(
            f"a compiled program of format {header.get('format')}; this version reads {FORMAT}"
        )
    arena_bytes, scratch_bytes, parts = header["arena"]
    objects, start = [], 0
    for size in header["objects"]:
        objects.append(code[start : start + size])
        start += size
    return Artifact(
        header["name"],
        tuple(Argument(n, np.dtype(d), tuple(s), w) for n, d, s, w in header["arguments"]),
        tuple(Returned(d, tuple(s), i) for d, s, i in header["results"]),
        arena_bytes,
        scratch_bytes,
        parts,
        tuple((kind, text) for kind, text in header["complaints"]),
        tuple(objects),
    )
