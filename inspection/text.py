"""The code of a compilation's kernels as one text: Numba source, LLVM IR, assembly, each under what it computes."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import Func
from ..ir.text.printer import lines_of
from .kernels import Kernel
from .record import Record
from .words import counted

KINDS = {"source": "#", "llvm": ";", "asm": "#"}
"""What there is of a kernel, and what a comment begins with there."""


def code(record: Record, kind: str, name: str | None = None) -> str:
    """The code of the kernels of one name, or of all, in the order in which they are first called."""
    chosen = record.kernels if name is None else record.kernels_called(name)
    return "\n".join(listing(record, kernel, kind) for kernel in chosen)


def listing(record: Record, kernel: Kernel, kind: str) -> str:
    """A kernel's code under a comment that says what it computes."""
    mark = KINDS[kind]
    text: str = getattr(kernel, kind)
    return (
        "".join(f"{mark} {line}\n" for line in heading(record, kernel)) + text.rstrip("\n") + "\n"
    )


def computes(record: Record, name: str) -> str:
    """The IR of what the kernels of a name compute, where they are called first."""
    chosen = record.kernels_called(name)
    return "\n".join("".join(f"{line}\n" for line in heading(record, k)) for k in chosen)


def heading(record: Record, kernel: Kernel) -> Iterator[str]:
    """The kernel's symbol, what it is called for, and the first of the instructions that it does."""
    yield f"{kernel.symbol}: {counted(len(kernel.calls), 'call')}, {'; '.join(kernel.shapes)}"
    first = kernel.calls[0].instr
    if first is not None:
        alone = Func(record.name, (), (first,), ())
        yield from (line.text for line in lines_of(alone, names=record.names)[1:-2])
