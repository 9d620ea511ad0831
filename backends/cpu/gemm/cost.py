"""What a way to do a product costs, estimated.

Costs are rough counts of cycles of a core that starts one multiply-add of a full vector per cycle. What decides:

- a step of a tile takes as long as its multiply-adds, its loads, or one multiply-add's latency, whichever is longest;
- what does not fit in the registers is no candidate;
- lanes beyond the matrix are paid for like others, vectors of half the width cost half, narrower ones no less;
- operands that do not fit in the first or second cache slow their loads, and rows that are a large power of two apart
  use only a part of a cache;
- every tile has a start and an end, copying costs by the element, and code costs a little too, because it has to be
  compiled.
"""

from __future__ import annotations

from math import gcd

from ..target import Target
from .product import Operand, Product
from .tiling import Span, Tiling, cut_rows, power_above, spans, with_rest

LINE = 64
L1_WAY, L1_BYTES = 4096, 32 * 1024
L2_WAY, L2_BYTES = 64 * 1024, 512 * 1024
PAGE, PAGES = 4096, 1024
LATENCY = 4.0
START = 12.0
EMITTED = 0.0005
COPY_ROWS, COPY_COLUMNS, COPY_ELEMENTS = 0.4, 0.5, 1.5


def cost(product: Product, tiling: Tiling, target: Target) -> float:
    """About how many cycles a product takes."""
    own = product.turned() if tiling.turned else product
    tile = _dot_tile if tiling.method == "dot" else _broadcast_tile
    rows, panels = cut_rows(own.m, tiling), with_rest(own.n, tiling.width)
    total, emitted = 0.0, 0
    for height, tall in rows.pieces():
        for width, wide in panels.pieces():
            total += tall * wide * tile(own, tiling, target, height, width)
            emitted += height * -(-width // tiling.lanes) + (width if tiling.turned else 0)
    if tiling.packed:
        total += own.k * own.n * _copying(own.b)
    if tiling.copied:
        total += own.k * own.m * _copying(own.a.turned())
    return total * (1 + EMITTED * emitted)


def _copying(operand: Operand) -> float:
    """Cycles per element of a panel to be packed."""
    if operand.column_stride == 1:
        return COPY_ROWS
    return COPY_COLUMNS if operand.row_stride == 1 else COPY_ELEMENTS


def _broadcast_tile(
    product: Product, tiling: Tiling, target: Target, height: int, width: int
) -> float:
    full = target.lanes(product.itemsize)
    columns = spans(width, tiling.lanes)
    vectors = sum(max(span.lanes / full, 0.5) for span in columns)
    loads = vectors + 0.5 * height
    step = max(height * vectors, loads, LATENCY) + 0.05 * loads
    if not tiling.packed:
        step += _far_rows(product, width)
    if not tiling.copied:
        step += _far_columns(product, height)
    end: float = height * len(columns)
    if tiling.turned:
        end = sum(_transposing(span, height) for span in columns)
    return START + product.k * step + end


def _far_rows(product: Product, width: int) -> float:
    """What a step loses when the rows of b it reads do not stay in the caches, or lie on pages of their own."""
    stride = product.b.row_stride * product.itemsize
    row = width * product.itemsize
    lines = -(-row // LINE) + 1
    loss = 1.0 if stride >= PAGE // 2 else 0.0
    if product.k > _rows_kept(stride, row, L2_WAY, L2_BYTES):
        return loss + 1.5 * lines
    return loss + (0.1 * lines if product.k > _rows_kept(stride, row, L1_WAY, L1_BYTES) else 0.0)


def _far_columns(product: Product, height: int) -> float:
    """What a step loses when each reads elements of a on another line, and the lines do not stay in the cache."""
    stride = product.a.column_stride * product.itemsize
    if product.a.column_stride == 1 or product.k <= _rows_kept(stride, LINE, L2_WAY, L2_BYTES):
        return 0.0
    return 20.0 if stride >= PAGE and product.k > PAGES else 3.0


def _rows_kept(stride: int, row: int, way: int, size: int) -> int:
    """How many rows of some bytes, so far apart, a cache can hold."""
    return size // max(row, gcd(stride, way), 1)


def _transposing(span: Span, height: int) -> float:
    side = power_above(height)
    return side * side.bit_length() + span.count


def _dot_tile(product: Product, tiling: Tiling, target: Target, height: int, width: int) -> float:
    # A panel stays in the first cache for the next rows; with no next rows, all of b passes by once.
    panel = width if product.m > height else product.n
    far = width if panel * product.k * product.itemsize > L1_BYTES // 2 else 0
    if product.m * product.k * product.itemsize > L1_BYTES // 2:
        far += height
    step = max(height * width, height + width, 2 * far, LATENCY) + 0.05 * (height + width)
    sums = height * (3 * (power_above(width) - 1) + 2 * tiling.lanes.bit_length())
    return START + -(-product.k // tiling.lanes) * step + sums
