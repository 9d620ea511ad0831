"""Where a vector of elements lies in the buffers of a kernel; reading and writing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ....ir.dtypes import DType
from ..gemm.instructions import I32, I64, Value, first
from ..vector import Vector, load, splat, store
from ..vector.arithmetic import like
from ..vector.kinds import constant, real
from ..vector.real import Real
from .loops import plus


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
    count: int | None = None
    """How many lanes there are, if not all."""
    group: int = 0
    """Which of the panel's vectors side by side."""
    position: Value = None
    """The index along the innermost reduced loop (of the first lane)."""

    @property
    def mask(self) -> Value:
        """Which lanes there are, if not all."""
        return None if self.count is None else first(self.count, self.lanes)

    def read(self, buffer: int) -> Vector:
        """The elements of a buffer; one lane if it has one element for all."""
        pointer, dtype = self.buffers[buffer].pointer, self.buffers[buffer].dtype
        stride, index = self.strides[buffer], self.indices[buffer]
        if stride == 0:
            return load(self.builder, dtype, pointer, index, 1)
        if self.is_whole(buffer):
            return load(self.builder, dtype, pointer, index, self.lanes, self.mask)
        found = constant(dtype, 0, self.lanes)
        for lane, there in enumerate(self._lanes(buffer)):
            one = load(self.builder, dtype, pointer, there, 1)
            found = like(found, self.builder.insert_element(found.value, one.value, I32(lane)))
        return found

    def is_whole(self, buffer: int) -> bool:
        """Do the elements of a buffer lie side by side?"""
        return self.lanes == 1 or self.strides[buffer] == 1

    def _lanes(self, buffer: int) -> Iterator[Value]:
        """Where the lanes' elements lie."""
        for lane in range(self.lanes if self.count is None else self.count):
            yield plus(self.builder, self.indices[buffer], I64(lane), self.strides[buffer])

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
        if self.is_whole(buffer):
            store(self.builder, wide, pointer, self.indices[buffer], self.mask)
            return
        for lane, there in enumerate(self._lanes(buffer)):
            one = Vector(self.builder.extract_element(wide.value, I32(lane)), x.dtype, 1)
            store(self.builder, one, pointer, there)
