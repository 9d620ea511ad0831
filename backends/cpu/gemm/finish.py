"""From the sums of a tile to its rows, and from its rows through the epilogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .accumulate import Tile
from .epilogue import Epilogue
from .instructions import I64, Value
from .place import Place
from .tiling import Span, Tiling
from .vectors import Vectors

UNROLLED = 64
"""A longer end of a tile becomes a loop over its rows, to keep the code small."""


@dataclass(frozen=True)
class Corner:
    """The first row and column of a tile in the result."""

    row: Value
    column: Value


def rows_of(
    v: Vectors, tile: Tile, tiling: Tiling, sums: list[list[Value]]
) -> tuple[list[list[Value]], tuple[Span, ...]]:
    """The rows of the result that a tile holds, and the columns that their vectors stand for."""
    if tiling.method == "dot":
        whole = [[v.sums(row)] for row in sums]
        return whole, (Span(0, whole[0][0].type.count, tile.width),)
    if not tiling.turned:
        return sums, tile.columns
    turned = [
        [row]
        for index, span in enumerate(tile.columns)
        for row in v.transposed([line[index] for line in sums])[: span.count]
    ]
    return turned, (Span(0, turned[0][0].type.count, tile.height),)


def finish(
    v: Vectors,
    rows: list[list[Value]],
    columns: Sequence[Span],
    corner: Corner,
    epilogue: Epilogue,
    buffers: Sequence[Value],
) -> None:
    """Hand every vector to the epilogue."""

    def hand_over(index: Value, vectors: Sequence[Value]) -> None:
        row = v.builder.add(corner.row, index)
        for span, vector in zip(columns, vectors, strict=True):
            column = v.builder.add(corner.column, I64(span.offset))
            epilogue.emit(v.builder, buffers, Place(row, column, span.lanes, span.count), vector)

    if epilogue.instructions * len(rows) * len(columns) <= UNROLLED:
        for index, vectors in enumerate(rows):
            hand_over(I64(index), vectors)
        return
    places = [_spilled(v, [row[j] for row in rows]) for j in range(len(columns))]

    def one_row(index: Value, _: Sequence[Value]) -> list[Value]:
        hand_over(index, [v.builder.load(v.address(place, index)) for place in places])
        return []

    v.loop(len(rows), [], one_row)


def _spilled(v: Vectors, vectors: Sequence[Value]) -> Value:
    """Vectors on the stack, one after another."""
    with v.builder.goto_entry_block():
        place = v.builder.alloca(vectors[0].type, len(vectors))
    for index, vector in enumerate(vectors):
        v.builder.store(vector, v.address(place, index))
    return place
