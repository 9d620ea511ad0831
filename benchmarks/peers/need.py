"""What a program has to do, and the least time that takes."""

from __future__ import annotations

from typing import NamedTuple


class Need(NamedTuple):
    """`arithmetic` and `roofline` are seconds for each number of threads that was asked about."""

    flops: int
    bytes: int
    """What kernels read and write, each value once per kernel."""
    kernels: int
    threads: int
    """How many the program takes if they are there."""
    arena: int
    """Memory for all that is computed on the way: neither parameters nor state nor batch."""
    arithmetic: tuple[float, ...]
    """All operations at the rate at which the cores multiply and add."""
    roofline: tuple[float, ...]
    """Each kernel's operations, or its bytes from the nearest memory that holds them, whichever takes longer."""
