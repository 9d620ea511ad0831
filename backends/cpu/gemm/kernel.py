"""The kernel of a matrix product: its text, and the macro-instructions that the text calls."""

from __future__ import annotations

from typing import Any

from ....ir.dtypes import by_name
from ..kernel import Kernel, Scratch
from ..macros import Emitter, macro
from ..target import Target
from .accumulate import Tile, broadcast_sums, dot_sums
from .ahead import asking
from .epilogue import Epilogue
from .finish import Corner, finish, rows_of
from .instructions import Value
from .packing import Panel, pack
from .plan import Plan, plan_product
from .product import Product
from .source import copy_name, pack_name, source, tile_name
from .tiling import Span, Tiling, spans
from .vectors import Vectors

CYCLES_PER_NANOSECOND = 3.0


def gemm_kernel(
    product: Product,
    epilogue: Epilogue,
    target: Target,
    name: str,
    tiling: Tiling | None = None,
) -> Kernel:
    """The kernel of a product, done in the cheapest way or in the one that is given.

    Its buffers are a, b, and those of the epilogue.
    """
    plan = plan_product(product, epilogue, target, tiling)
    dtype = by_name(product.dtype)
    return Kernel(
        name,
        source(plan),
        (dtype, dtype, *map(by_name, epilogue.buffers)),
        _macros(plan),
        identity=f"{plan.product} {plan.tiling} {plan.swapped} {plan.epilogue.identity}",
        explicit=True,
        scratch=Scratch(dtype, plan.scratch) if plan.scratch else None,
        effort=_effort(plan, target),
    )


def _effort(plan: Plan, target: Target) -> float:
    """One vector of multiply-adds a cycle, then the epilogue."""
    p = plan.product
    vectors = p.m * p.n / target.lanes(p.itemsize)
    return vectors * (p.k + plan.epilogue.instructions) / CYCLES_PER_NANOSECOND


def _macros(plan: Plan) -> dict[str, Any]:
    """The macro-instructions that the text may call."""
    emitters: dict[str, Emitter] = {}
    for width, _ in plan.panels.pieces():
        emitters[pack_name(width)] = _packing(plan, plan.panel(width))
        for height, _ in plan.rows.pieces():
            emitters[tile_name(height, width)] = _tile(plan, height, width)
    for height, _ in plan.blocks.pieces():
        emitters[copy_name(height)] = _packing(plan, plan.block(height))
    return {name: macro(name, emit) for name, emit in emitters.items()}


def _tile(plan: Plan, height: int, width: int) -> Emitter:
    tile = plan.tile(height, width)

    def emit(builder: Any, arguments: list[Value]) -> None:
        left, left_offset, right, right_offset, row, column, *buffers = arguments
        v = Vectors(builder, plan.product.dtype)
        a, b = v.address(left, left_offset), v.address(right, right_offset)
        corner = Corner(column, row) if plan.tiling.turned else Corner(row, column)
        errands = asking(v, *_extent(plan, tile), corner, plan.epilogue.awaits(buffers))
        if plan.tiling.method == "dot":
            sums = dot_sums(v, tile, a, b, plan.tiling.lanes, errands)
        else:
            sums = broadcast_sums(v, tile, a, b, errands)
        rows, columns = rows_of(v, tile, plan.tiling, sums)
        finish(v, rows, columns, corner, plan.epilogue, buffers)

    return emit


def _extent(plan: Plan, tile: Tile) -> tuple[int, tuple[Span, ...]]:
    """The rows and columns of the result that a tile is."""
    if plan.tiling.turned:
        return tile.width, tuple(spans(tile.height, plan.tiling.lanes))
    return tile.height, tuple(spans(tile.width, plan.tiling.lanes))


def _packing(plan: Plan, panel: Panel) -> Emitter:
    def emit(builder: Any, arguments: list[Value]) -> None:
        source, source_offset, target, target_offset = arguments
        v = Vectors(builder, plan.product.dtype)
        there = v.address(target, target_offset)
        pack(v, panel, v.address(source, source_offset), there, plan.tiling.lanes)

    return emit
