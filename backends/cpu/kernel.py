"""A kernel before it is code: Numba source, the macro-instructions it uses, and the types of its buffers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numba.core import types

from ...ir.dtypes import DType
from .emit import object_code, optimize
from .front import compile_source
from .target import Target

# Memory as Numba sees it. What Numba has no arithmetic for is touched by macro-instructions only.
STORAGE = {
    "bool": types.uint8, "u8": types.uint8, "i8": types.int8, "i16": types.int16, "i32": types.int32,
    "i64": types.int64, "f16": types.uint16, "bf16": types.uint16, "f32": types.float32, "f64": types.float64,
}  # fmt: skip
SCALARS = {f"as_{name}": kind for name, kind in STORAGE.items()}


@dataclass(frozen=True)
class Kernel:
    """One exported C function: its buffers in order, then which part of how many."""

    name: str
    source: str
    """The function is called `kernel` in the source."""
    buffers: tuple[DType, ...]
    scope: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the source refers to."""
    identity: str = ""
    """What the macro-instructions do, if the source does not tell."""
    fastmath: frozenset[str] = frozenset({"contract"})
    complaint: str = ""
    """For a kernel that can refuse its operands: what to say, with `{}` for the number that it reports.

    Such a kernel takes one more buffer, two int64: it sets the first to 1 and the second to the number.
    """

    @property
    def symbol(self) -> str:
        """Unique: equal kernels have equal symbols."""
        told = (self.source, self.identity, *(d.name for d in self.buffers), *sorted(self.fastmath))
        return f"{self.name}_{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"

    def object_code(self, target: Target) -> bytes:
        """The kernel as an object file."""
        pointers = [types.CPointer(STORAGE[d.name]) for d in self.buffers]
        if self.complaint:
            pointers.append(types.CPointer(types.int64))
        scope = {**SCALARS, **self.scope}
        module = compile_source(
            self.source,
            self.symbol,
            (*pointers, types.intp, types.intp),
            target,
            scope,
            self.fastmath,
        )
        return object_code(optimize(module, target), target)


def indented(lines: Sequence[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]
