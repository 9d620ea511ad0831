"""Copies of a panel, rows of k one after another, for panels that lie badly in memory or are read often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .instructions import I64, Value
from .product import Operand
from .tiling import Span
from .vectors import Vectors


@dataclass(frozen=True)
class Panel:
    """k rows of a few columns, to be copied to rows of `width` elements; what is beyond the columns has no meaning.

    Columns beyond the width begin a further strip of k rows.
    """

    k: int
    columns: tuple[Span, ...]
    source: Operand
    width: int

    def target(self, column: int) -> int:
        """Where a column's first element goes."""
        strip, rest = divmod(column, self.width)
        return strip * self.k * self.width + rest

    def room(self, span: Span) -> int:
        """How many lanes to write: all that the strip has room for."""
        return min(span.lanes, self.width - span.offset % self.width)


def pack(v: Vectors, panel: Panel, source: Value, target: Value, lanes: int) -> None:
    """Copy a panel the best way that its strides allow."""
    if panel.source.column_stride == 1:
        _copy_rows(v, panel, source, target)
    elif panel.source.row_stride == 1:
        _copy_columns(v, panel, source, target, lanes)
    else:
        _copy_elements(v, panel, source, target)


def _copy_rows(v: Vectors, panel: Panel, source: Value, target: Value) -> None:
    def row(index: Value, _: Sequence[Value]) -> list[Value]:
        here = v.address(source, v.builder.mul(index, I64(panel.source.row_stride)))
        there = v.address(target, v.builder.mul(index, I64(panel.width)))
        for span in panel.columns:
            vector = v.load(v.address(here, span.offset), span.lanes, span.count)
            v.store(vector, v.address(there, panel.target(span.offset)), panel.room(span))
        return []

    v.loop(panel.k, [], row)


def _copy_columns(v: Vectors, panel: Panel, source: Value, target: Value, lanes: int) -> None:
    """A strip of columns after the other, each in squares that are transposed in registers."""
    whole = sum(span.count == span.lanes == lanes for span in panel.columns)

    def strip(index: Value, _: Sequence[Value]) -> list[Value]:
        across = v.builder.mul(index, I64(lanes * panel.source.column_stride))
        there = v.address(target, v.builder.mul(index, I64(lanes)))
        _copy_strip(v, panel, panel.columns[0], v.address(source, across), there, lanes)
        return []

    v.loop(whole, [], strip)
    for span in panel.columns[whole:]:
        here = v.address(source, span.offset * panel.source.column_stride)
        _copy_strip(v, panel, span, here, v.address(target, panel.target(span.offset)), lanes)


def _copy_strip(
    v: Vectors, panel: Panel, span: Span, source: Value, target: Value, lanes: int
) -> None:
    """The columns of one vector, in squares; the last square overlaps the one before."""
    depth = min(lanes, panel.k)
    columns = [j * panel.source.column_stride for j in range(span.count)]

    def square(index: Value, _: Sequence[Value]) -> list[Value]:
        start = v.builder.mul(index, I64(lanes))
        late = v.builder.icmp_signed(">", start, I64(panel.k - depth))
        start = v.builder.select(late, I64(panel.k - depth), start)
        here = v.address(source, start)
        there = v.address(target, v.builder.mul(start, I64(panel.width)))
        rows = v.transposed([v.load(v.address(here, j), lanes, depth) for j in columns])
        for row, vector in enumerate(rows[:depth]):
            v.store(vector, v.address(there, row * panel.width), panel.room(span))
        return []

    v.loop(-(-panel.k // lanes), [], square)


def _copy_elements(v: Vectors, panel: Panel, source: Value, target: Value) -> None:
    def row(index: Value, _: Sequence[Value]) -> list[Value]:
        here = v.address(source, v.builder.mul(index, I64(panel.source.row_stride)))
        there = v.address(target, v.builder.mul(index, I64(panel.width)))

        def element(column: Value, _: Sequence[Value]) -> list[Value]:
            offset = v.builder.mul(column, I64(panel.source.column_stride))
            v.builder.store(v.builder.load(v.address(here, offset)), v.address(there, column))
            return []

        v.loop(sum(s.count for s in panel.columns), [], element)
        return []

    v.loop(panel.k, [], row)
