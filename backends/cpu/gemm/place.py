"""Where a vector of the result is, and the elements that belong to it in buffers of any layout and element type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....ir.dtypes import DType
from ..vector import Vector, load, splat, storage_type, store
from .instructions import I32, I64, Value, first
from .product import Operand


@dataclass(frozen=True)
class Place:
    """Some columns of one row: `lanes` of them, of which the first `count` are real."""

    row: Value
    column: Value
    lanes: int
    count: int

    def mask(self) -> Value | None:
        """Which lanes are real, if not all are."""
        return None if self.count == self.lanes else first(self.count, self.lanes)

    def index(self, builder: Any, layout: Operand, lane: int = 0) -> Value:
        """Which element of a buffer belongs to a lane."""
        down = builder.mul(self.row, I64(layout.row_stride))
        across = builder.add(self.column, I64(lane)) if lane else self.column
        return builder.add(down, builder.mul(across, I64(layout.column_stride)))


def as_elements(builder: Any, value: Value, dtype: DType) -> Vector:
    """An LLVM vector as elements; one lane is a plain scalar there."""
    lanes = value.type.count
    plain = value if lanes > 1 else builder.extract_element(value, I32(0))
    return Vector(plain, dtype, lanes)


def read(builder: Any, dtype: DType, pointer: Value, place: Place, layout: Operand) -> Vector:
    """The elements that belong to a place; a single one where all lanes have the same."""
    buffer = builder.bitcast(pointer, storage_type(dtype).as_pointer())
    index = place.index(builder, layout)
    if layout.column_stride == 0:
        return load(builder, dtype, buffer, index, 1)
    if layout.column_stride == 1:
        return load(builder, dtype, buffer, index, place.lanes, place.mask())
    return _gathered(builder, dtype, buffer, place, layout)


def write(builder: Any, elements: Vector, pointer: Value, place: Place, layout: Operand) -> None:
    """Write the real lanes to where they belong."""
    buffer = builder.bitcast(pointer, storage_type(elements.dtype).as_pointer())
    elements = splat(builder, elements, place.lanes)
    if layout.column_stride == 1:
        store(builder, elements, buffer, place.index(builder, layout), place.mask())
        return
    for lane in range(place.count):
        value = elements.value
        if place.lanes > 1:
            value = builder.extract_element(value, I32(lane))
        index = place.index(builder, layout, lane)
        store(builder, Vector(value, elements.dtype, 1), buffer, index)


def _gathered(builder: Any, dtype: DType, buffer: Value, place: Place, layout: Operand) -> Vector:
    """Elements that are not adjacent, one by one. Lanes that are not real repeat the first."""
    start = load(builder, dtype, buffer, place.index(builder, layout), 1)
    found = splat(builder, start, place.lanes).value
    for lane in range(1, place.count):
        one = load(builder, dtype, buffer, place.index(builder, layout, lane), 1)
        found = builder.insert_element(found, one.value, I32(lane))
    return Vector(found, dtype, place.lanes)
