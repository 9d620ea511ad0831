"""The sums of one tile, in registers: a loop over k around unrolled multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass

from .errands import NOTHING, Errands, loop_with_errands
from .instructions import I64, Value
from .product import Operand
from .tiling import Span
from .vectors import Vectors


@dataclass(frozen=True)
class Tile:
    """One shape of tile: `height` rows, and columns as vectors; where its operands' elements are."""

    height: int
    columns: tuple[Span, ...]
    k: int
    a: Operand
    b: Operand
    padded: bool

    @property
    def width(self) -> int:
        """How many columns are real."""
        return sum(span.count for span in self.columns)

    def loaded(self, span: Span) -> int:
        """How many lanes of a vector may be read."""
        return span.lanes if self.padded else span.count


def broadcast_sums(
    v: Vectors, tile: Tile, a: Value, b: Value, errands: Errands = NOTHING
) -> list[list[Value]]:
    """Each element of a, in every lane, times vectors of b: sums[row][span]."""

    def step(index: Value, sums: list[Value]) -> list[Value]:
        row = v.address(b, v.builder.mul(index, I64(tile.b.row_stride)))
        vectors = [v.load(v.address(row, s.offset), s.lanes, tile.loaded(s)) for s in tile.columns]
        column = v.address(a, v.builder.mul(index, I64(tile.a.column_stride)))
        made: list[Value] = []
        for i in range(tile.height):
            factor = v.builder.load(v.address(column, i * tile.a.row_stride))
            wide = v.splat(factor, tile.columns[0].lanes)
            for vector in vectors:
                part = v.part(wide, 0, vector.type.count)
                made.append(v.fma(part, vector, sums[len(made)]))
        return made

    zeros = [v.zero(s.lanes) for _ in range(tile.height) for s in tile.columns]
    sums = loop_with_errands(v, tile.k, zeros, step, errands)
    count = len(tile.columns)
    return [sums[i * count : (i + 1) * count] for i in range(tile.height)]


def dot_sums(
    v: Vectors, tile: Tile, a: Value, b: Value, lanes: int, errands: Errands = NOTHING
) -> list[list[Value]]:
    """Vectors along k of rows of a times columns of b, whose lanes are yet to be summed: sums[row][column].

    Both must be contiguous along k.
    """
    height, width = tile.height, tile.width

    def step(start: Value, sums: list[Value], count: int = lanes) -> list[Value]:
        def vector(pointer: Value, offset: int) -> Value:
            return v.load(v.address(v.address(pointer, start), offset), lanes, count)

        columns = [vector(b, j * tile.b.column_stride) for j in range(width)]
        made: list[Value] = []
        for i in range(height):
            row = vector(a, i * tile.a.row_stride)
            made += [v.fma(row, columns[j], sums[i * width + j]) for j in range(width)]
        return made

    def whole(index: Value, sums: list[Value]) -> list[Value]:
        return step(v.builder.mul(index, I64(lanes)), sums)

    zeros = [v.zero(lanes)] * (height * width)
    sums = loop_with_errands(v, tile.k // lanes, zeros, whole, errands)
    if tile.k % lanes:
        sums = step(I64(tile.k - tile.k % lanes), sums, tile.k % lanes)
    return [sums[i * width : (i + 1) * width] for i in range(height)]
