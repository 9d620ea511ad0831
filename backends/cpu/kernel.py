"""A kernel before it is code: Numba source, the macro-instructions it uses, and the types of its buffers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from numba.core import types

from ...ir import Const, Func, Instr, Result, Value
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


class Scratch(NamedTuple):
    """Memory that a kernel needs while it runs: so many elements for each part, the parts' shares side by side."""

    dtype: DType
    elements: int


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

    explicit: bool = False
    """Are its inner loops vector code of our own, which LLVM need not look for more in?"""
    error: type[Exception] = IndexError
    """What is raised with the complaint."""
    scratch: Scratch | None = None
    """Comes after the buffers, and begins at a multiple of 64."""
    effort: float = 0.0
    """About how many nanoseconds a core needs; 0 if that is a matter of the bytes alone."""

    @cached_property
    def symbol(self) -> str:
        """Unique: equal kernels have equal symbols."""
        told = (
            self.source,
            self.identity,
            self.explicit,
            *(d.name for d in self.buffers),
            *sorted(self.fastmath),
        )
        return f"{self.name}_{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"

    def scratch_bytes(self, parts: int) -> int:
        """How much scratch memory all parts need together."""
        return self.scratch.dtype.itemsize * self.scratch.elements * parts if self.scratch else 0

    def module(self, target: Target) -> Any:
        """The kernel as an LLVM module, before LLVM's pipeline."""
        pointers = [types.CPointer(STORAGE[d.name]) for d in self.buffers]
        if self.complaint:
            pointers.append(types.CPointer(types.int64))
        if self.scratch:
            pointers.append(types.CPointer(STORAGE[self.scratch.dtype.name]))
        arguments = (*pointers, types.intp, types.intp)
        scope = {**SCALARS, **self.scope}
        return compile_source(self.source, self.symbol, arguments, target, scope, self.fastmath)

    def optimised(self, target: Target) -> Any:
        """The kernel as an LLVM module, after LLVM's pipeline."""
        return optimize(self.module(target), target, self.explicit)

    def object_code(self, target: Target) -> bytes:
        """The kernel as an object file."""
        return self.code_of(self.module(target), target)

    def code_of(self, module: Any, target: Target) -> bytes:
        """The same, where `module` has been made already."""
        return object_code(optimize(module, target, self.explicit), target)


def canonical(body: Func) -> str:
    """The text of a fused body without the names that the user gave: equal for bodies that do the same."""
    became: dict[Value, Value] = {a: Value(a.type) for a in body.args}
    args = tuple(became.values())
    steps: list[Instr] = []
    for instr in body.body:
        became.update({r: Value(r.type) for r in instr.results})
        operands = tuple(o if isinstance(o, Const) else became[o] for o in instr.operands)
        steps.append(
            replace(instr, operands=operands, results=tuple(became[r] for r in instr.results))
        )
    results = tuple(Result(became.get(r.value, r.value)) for r in body.results)
    return str(Func("body", args, tuple(steps), results))


def indented(lines: Sequence[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]
