"""A product, a way to do it, and what follows: what a kernel's text and its macro-instructions agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from ..target import Target
from .accumulate import Tile
from .choice import choose_tiling
from .epilogue import Epilogue
from .packing import Panel
from .product import Operand, Product, ProductError
from .tiling import Cut, Span, Tiling, cut_rows, spans, with_rest

ALIGNMENT = 64
BLOCK = 64


@dataclass(frozen=True)
class Plan:
    """`product` is the one that the loops do: turned, if the tiling says so."""

    product: Product
    tiling: Tiling
    epilogue: Epilogue
    swapped: bool
    """The kernel's argument b is the left operand."""

    @cached_property
    def rows(self) -> Cut:
        """Tiles from top to bottom."""
        return cut_rows(self.product.m, self.tiling)

    @cached_property
    def panels(self) -> Cut:
        """Panels from left to right."""
        return with_rest(self.product.n, self.tiling.width)

    @cached_property
    def cut(self) -> Literal["rows", "panels"]:
        """What parts share out between them: rows of tiles, or panels.

        A part that does some rows reads no other rows of a, and a part that does some panels no other panels of b. Of
        what an epilogue reads (an optimizer's state) it had better read rows as they lie in memory: those it wrote in
        the step before, so that they are in its core's cache. The bytes decide.
        """
        p, result = self.product, self.epilogue.result
        along_rows = (result.row_stride >= result.column_stride) != self.tiling.turned
        beside = self.epilogue.matrices * p.m * p.n * (1 if along_rows else -1)
        return "rows" if p.m * p.k + beside > p.k * p.n else "panels"

    @property
    def tiles(self) -> int:
        return self.rows.count * self.panels.count

    @property
    def scratch(self) -> int:
        """Elements of scratch memory for one part: room for a packed panel, then for the copied rows."""
        return self.panel_room + self.copied_room

    @property
    def panel_room(self) -> int:
        if not self.tiling.packed or not self.tiles:
            return 0
        widest = max(self.panel(size).width for size, _ in self.panels.pieces())
        return self._rounded(self.product.k * widest)

    @property
    def copied_room(self) -> int:
        if not self.tiling.copied or not self.tiles:
            return 0
        return self._rounded(self.product.k * self.rows.count * self.tiling.height)

    def _rounded(self, elements: int) -> int:
        each = ALIGNMENT // self.product.itemsize
        return -(-elements // each) * each

    @property
    def blocks(self) -> Cut:
        """Rows of a that are copied at a time: a tile, or more where neighbours share lines of the cache."""
        height = self.tiling.height
        tiles = max(BLOCK // height, 1) if self.product.a.row_stride == 1 else 1
        return with_rest(self.product.m, height * tiles)

    def block(self, rows: int) -> Panel:
        """Rows of a to be copied, each tile's by themselves."""
        p, height = self.product, self.tiling.height
        cut = [
            Span(start + span.offset, span.lanes, span.count)
            for start in range(0, rows, height)
            for span in spans(min(height, rows - start), self.tiling.lanes)
        ]
        return Panel(p.k, tuple(cut), p.a.turned(), height)

    def columns(self, width: int) -> tuple[Span, ...]:
        """The vectors of a panel's row."""
        return tuple(spans(width, self.tiling.lanes))

    def panel(self, width: int) -> Panel:
        """A panel of b to be packed."""
        columns = self.columns(width)
        packed = sum(span.lanes for span in columns)
        return Panel(self.product.k, columns, self.product.b, packed)

    def tile(self, height: int, width: int) -> Tile:
        """One shape of tile."""
        p, packed = self.product, self.tiling.packed
        b = Operand(self.panel(width).width, 1) if packed else p.b
        a = Operand(1, self.tiling.height) if self.tiling.copied else p.a
        return Tile(height, self.columns(width), p.k, a, b, packed)


def plan_product(
    product: Product, epilogue: Epilogue, target: Target, tiling: Tiling | None = None
) -> Plan:
    """The cheapest plan, or the one with a given tiling."""
    product = product.settled()
    if tiling is None and _better_turned(product, epilogue.result):
        plan = plan_product(product.turned(), epilogue.turned(), target)
        return replace(plan, swapped=not plan.swapped)
    tiling = tiling or choose_tiling(product, target)
    done = product.turned() if tiling.turned else product
    _check(done, tiling)
    return Plan(done, tiling, epilogue, tiling.turned)


def _better_turned(product: Product, result: Operand) -> bool:
    """Is the result a column of adjacent elements, or a matrix of such columns?"""
    if product.m == 1 or result.row_stride != 1:
        return False
    return product.n == 1 or result.column_stride != 1


def _check(product: Product, tiling: Tiling) -> None:
    """Refuse ways that read the operands as they do not lie."""
    if tiling.method == "dot":
        if tiling.packed or tiling.copied or tiling.turned:
            raise ProductError(
                f"a dot tiling reads its operands as they are, but this one: {tiling}"
            )
        if tiling.width > tiling.lanes:
            raise ProductError(
                f"the sums of a dot tiling's row go into one vector, but {tiling.width} do not fit into {tiling.lanes}"
            )
        if not product.a.column_stride == product.b.row_stride == 1:
            raise ProductError(
                "a dot tiling needs the rows of a and the columns of b without gaps, not "
                f"{product.a} and {product.b}"
            )
    elif not tiling.packed and product.b.column_stride != 1:
        raise ProductError(
            f"vectors along rows of {product.b} are not adjacent in memory; use a tiling with packed=True"
        )
