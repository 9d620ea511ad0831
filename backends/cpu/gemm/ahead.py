"""Asking for memory ahead of time: what an epilogue reads at a tile's end is on its way while the sums are made."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir as ll

from ..vector import storage_type
from .epilogue import Awaited
from .errands import NOTHING, Errands
from .finish import Corner
from .instructions import I32, I64, Value, call
from .tiling import Span
from .vectors import Vectors

BYTE = ll.IntType(8)
TO_READ, KEEP_NEAR, DATA = I32(0), I32(3), I32(1)


def asking(
    v: Vectors, rows: int, columns: Sequence[Span], corner: Corner, awaited: Sequence[Awaited]
) -> Errands:
    """To start loading what belongs to some rows and columns of the result, a row at a time.

    All rows at once would fill the queue in which requests to memory wait, and the sums' own loads would wait behind.
    """

    def one_row(index: Value) -> None:
        row = v.builder.add(corner.row, index)
        for wanted in awaited:
            _ask_for_row(v, row, columns, corner, wanted)

    return Errands(rows, one_row) if awaited else NOTHING


def _ask_for_row(
    v: Vectors, row: Value, columns: Sequence[Span], corner: Corner, wanted: Awaited
) -> None:
    """Each vector's first element, and the very last one: a vector is no longer than a line of the cache."""
    places = [span.offset for span in columns] + [columns[-1].offset + columns[-1].count - 1]
    buffer = v.builder.bitcast(wanted.pointer, storage_type(wanted.dtype).as_pointer())
    start = v.builder.add(v.builder.mul(row, I64(wanted.row_stride)), corner.column)
    for place in places:
        there = v.builder.gep(buffer, [v.builder.add(start, I64(place))])
        there = v.builder.bitcast(there, BYTE.as_pointer())
        call(v.builder, "llvm.prefetch.p0", ll.VoidType(), [there, TO_READ, KEEP_NEAR, DATA])
