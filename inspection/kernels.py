"""A kernel to look at: its source, what LLVM made of it, the machine code; what it does in one run of the program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..backends.cpu.kernel import Kernel as Native
from ..backends.cpu.target import Target, machine

if TYPE_CHECKING:
    from .record import Call


COUNTED = re.compile(r"B\d+v(\d+)(?=B\d)")
"""Where Numba's mangled names say how many functions the process had compiled before: `kernelB2v6B82...`."""


class Kernel:
    """One kernel and its calls. Figures are for all its calls in one run of the program."""

    def __init__(self, native: Native, target: Target, calls: Sequence[Call]) -> None:
        self.native = native
        self.target = target
        self.calls = calls
        self.name = native.name
        self.symbol = native.symbol
        self.source = native.source

    @property
    def numbers(self) -> list[int]:
        """Which calls of the program are its."""
        return [call.number for call in self.calls]

    @property
    def flops(self) -> int:
        return sum(call.flops for call in self.calls)

    @property
    def bytes(self) -> int:
        return sum(call.bytes for call in self.calls)

    @property
    def effort(self) -> float:
        return sum(call.effort for call in self.calls)

    @property
    def shapes(self) -> list[str]:
        """What it works on, each once: `f32[64,784], f32[128,784] -> f32[64,128]`."""
        return list(dict.fromkeys(call.shapes for call in self.calls))

    @cached_property
    def _module(self) -> Any:
        return self.native.optimised(self.target)

    @cached_property
    def llvm(self) -> str:
        """LLVM IR, after LLVM's own passes."""
        return renumbered(str(self._module))

    @cached_property
    def asm(self) -> str:
        """Assembly for this machine."""
        return str(machine(self.target).emit_assembly(self._module))


def renumbered(text: str) -> str:
    """The text with functions counted from 1, so that it is the same whatever else was compiled before."""
    numbers: dict[str, str] = {}

    def counted(found: re.Match[str]) -> str:
        number = numbers.setdefault(found[1], f"v{len(numbers) + 1}")
        return f"B{len(number)}{number}"

    return COUNTED.sub(counted, text)
