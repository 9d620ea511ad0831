"""The kernel of a matrix product as an LLVM module: Numba compiles its text, llvmlite its macro-instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba.core import types

from ..front import compile_source
from ..macros import Emitter, macro
from ..target import Target
from .accumulate import broadcast_sums, dot_sums
from .epilogue import Epilogue
from .finish import Corner, finish, rows_of
from .instructions import Value
from .packing import Panel, pack
from .plan import Plan, plan_product
from .product import Product
from .source import copy_name, pack_name, source, tile_name
from .tiling import Tiling
from .vectors import Vectors

NUMBA = {
    "f32": types.float32,
    "f64": types.float64,
    "i64": types.int64,
    "i32": types.int32,
    "i16": types.int16,
    "i8": types.int8,
    "u8": types.uint8,
    "bool": types.uint8,
    # Numba has no arithmetic for these; the kernel only passes their pointers on.
    "f16": types.uint16,
    "bf16": types.uint16,
}


@dataclass(frozen=True)
class GemmKernel:
    """`void symbol(a, b, buffers of the epilogue…, [scratch,] i64 part, i64 parts)`.

    There is a scratch argument if `scratch_bytes` is not zero: memory that begins at a multiple of 64, that nobody else
    uses during the call, and whose contents mean nothing before and after.
    """

    symbol: str
    source: str
    module: Any
    plan: Plan

    def scratch_bytes(self, parts: int) -> int:
        """How much scratch memory all parts need together; each uses its own share of it."""
        return parts * self.plan.scratch * self.plan.product.itemsize


def gemm_kernel(
    product: Product,
    epilogue: Epilogue,
    target: Target,
    symbol: str,
    tiling: Tiling | None = None,
) -> GemmKernel:
    """The kernel of a product, done in the cheapest way or in the one that is given."""
    plan = plan_product(product, epilogue, target, tiling)
    text = source(plan, symbol)
    element = types.CPointer(NUMBA[product.dtype])
    buffers = [types.CPointer(NUMBA[dtype]) for dtype in epilogue.buffers]
    pointers = [element, element, *buffers, *([element] if plan.scratch else [])]
    arguments = [*pointers, types.intp, types.intp]
    module = compile_source(text, symbol, arguments, target, _macros(plan))
    return GemmKernel(symbol, text, module, plan)


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
        if plan.tiling.method == "dot":
            sums = dot_sums(v, tile, a, b, plan.tiling.lanes)
        else:
            sums = broadcast_sums(v, tile, a, b)
        rows, columns = rows_of(v, tile, plan.tiling, sums)
        corner = Corner(column, row) if plan.tiling.turned else Corner(row, column)
        finish(v, rows, columns, corner, plan.epilogue, buffers)

    return emit


def _packing(plan: Plan, panel: Panel) -> Emitter:
    def emit(builder: Any, arguments: list[Value]) -> None:
        source, source_offset, target, target_offset = arguments
        v = Vectors(builder, plan.product.dtype)
        there = v.address(target, target_offset)
        pack(v, panel, v.address(source, source_offset), there, plan.tiling.lanes)

    return emit
