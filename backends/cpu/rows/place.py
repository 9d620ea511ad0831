"""Where a vector of elements lies in the buffers of a kernel; reading and writing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....ir.dtypes import DType
from ..gemm.instructions import Value
from ..vector import Vector, load, splat, store
from ..vector.kinds import real
from ..vector.real import Real


@dataclass(frozen=True)
class Buffer:
    """A pointer to elements, as memory has them."""

    pointer: Value
    dtype: DType


@dataclass(frozen=True)
class Place:
    """Where a vector of elements lies in each buffer."""

    builder: Any
    buffers: tuple[Buffer, ...]
    indices: tuple[Value, ...]
    strides: tuple[int, ...]
    """From one lane to the next."""
    lanes: int
    mask: Value = None
    """Which lanes there are, if not all."""
    group: int = 0
    """Which of the panel's vectors side by side."""
    position: Value = None
    """The index along the innermost reduced loop (of the first lane)."""

    def read(self, buffer: int) -> Vector:
        """The elements of a buffer; one lane if it has one element for all."""
        wide = self.lanes == 1 or self.strides[buffer] != 0
        pointer, dtype = self.buffers[buffer].pointer, self.buffers[buffer].dtype
        lanes, mask = (self.lanes, self.mask) if wide else (1, None)
        return load(self.builder, dtype, pointer, self.indices[buffer], lanes, mask)

    def wide(self, buffer: int) -> Vector:
        """The elements of a buffer, in every lane."""
        return splat(self.builder, self.read(buffer), self.lanes)

    def number(self, buffer: int) -> Real:
        """The floats of a buffer, to compute with."""
        return real(self.builder, self.wide(buffer))

    def spread(self, x: Vector) -> Real:
        """What is known of the whole row or of the columns, in every lane."""
        return real(self.builder, splat(self.builder, x, self.lanes))

    def write(self, buffer: int, x: Vector) -> None:
        pointer = self.buffers[buffer].pointer
        wide = splat(self.builder, x, self.lanes)
        store(self.builder, wide, pointer, self.indices[buffer], self.mask)
