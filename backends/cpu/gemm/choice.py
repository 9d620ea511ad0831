"""Every way in which a product could be done, and the cheapest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product as product_of

from ..target import Target
from .cost import cost
from .product import Product
from .tiling import Tiling, power_above

TALLEST, WIDEST = 16, 8


def choose_tiling(product: Product, target: Target) -> Tiling:
    """The way with the lowest estimated cost."""
    return _choose(product.settled(), target)


@lru_cache(maxsize=4096)
def _choose(product: Product, target: Target) -> Tiling:
    return min(candidates(product, target), key=lambda tiling: cost(product, tiling, target))


def candidates(product: Product, target: Target) -> Iterator[Tiling]:
    """Everything that could be done."""
    for turned in (False, True):
        own = product.turned() if turned else product
        lanes = min(target.lanes(own.itemsize), power_above(max(own.n, 1)))
        tallest = min(TALLEST, lanes) if turned else TALLEST
        for height, count in _fitting(own.m, -(-own.n // lanes), tallest, target.registers):
            for packed, copied in product_of((False, True), repeat=2):
                if packed or own.b.column_stride == 1:
                    width = count * lanes
                    yield Tiling("broadcast", height, width, lanes, packed, copied, turned)
        if own.a.column_stride == own.b.row_stride == 1 and not turned:
            lanes = min(target.lanes(own.itemsize), power_above(max(own.k, 1)))
            for height, width in _fitting(own.m, own.n, TALLEST, target.registers):
                if width <= lanes:
                    yield Tiling("dot", height, width, lanes)


def _fitting(rows: int, vectors: int, tallest: int, registers: int) -> Iterator[tuple[int, int]]:
    """Tiles whose sums, one row of vectors and one more vector fit in the registers."""
    for height in range(1, max(min(rows, tallest), 1) + 1):
        for width in range(1, max(min(vectors, WIDEST), 1) + 1):
            if height * width + width + 1 <= registers:
                yield height, width
