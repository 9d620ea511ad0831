"""The text of a kernel: loops over panels and tiles in Numba's Python, which call macro-instructions by name."""

from __future__ import annotations

from collections.abc import Callable

from .plan import Plan
from .tiling import Cut

INDENT = "    "


def tile_name(height: int, width: int) -> str:
    """The macro-instruction that computes a tile."""
    return f"tile_{height}x{width}"


def pack_name(width: int) -> str:
    """The macro-instruction that packs a panel."""
    return f"pack_{width}"


def copy_name(height: int) -> str:
    """The macro-instruction that copies rows of a."""
    return f"copy_{height}"


def parameters(plan: Plan) -> list[str]:
    """The kernel's arguments."""
    buffers = [f"x{index}" for index in range(len(plan.epilogue.buffers))]
    return ["a", "b", *buffers, *(["scratch"] if plan.scratch else []), "part", "parts"]


def source(plan: Plan) -> str:
    """The kernel. Tiles are numbered down each panel, or along each row of tiles; a part does a run of them."""
    head = f"def kernel({', '.join(parameters(plan))}):"
    if not plan.tiles:
        return f"{head}\n{INDENT}return\n"
    body = [
        f"first, last = {plan.tiles} * part // parts, {plan.tiles} * (part + 1) // parts",
        *([f"packed = {_times('part', plan.scratch)}"] if plan.scratch else []),
        *(_copying(plan) if plan.copied_room else []),
        *_panels(plan),
    ]
    return "\n".join([head, *_indented(body)]) + "\n"


def _copying(plan: Plan) -> list[str]:
    """Every part copies for itself the rows that it works on, as parts cannot wait for each other in a kernel."""
    (left, _), rows = _sides(plan), plan.blocks.size
    source = f"{left}, {_times('block', rows * plan.product.a.row_stride)}"

    def copy(height: int) -> list[str]:
        return [f"{copy_name(height)}({source}, scratch, copied + block * {rows * plan.product.k})"]

    return [
        f"copied = packed + {plan.panel_room}",
        f"for block in range({_blocks(plan)}):",
        *_indented(_by_piece(plan.blocks, "block", copy)),
    ]


def _blocks(plan: Plan) -> str:
    if plan.cut == "panels":
        return str(plan.blocks.count)
    tiles = plan.panels.count * (plan.blocks.size // plan.tiling.height)
    return f"first // {tiles}, (last + {tiles - 1}) // {tiles}"


def _panels(plan: Plan) -> list[str]:
    if plan.rows.count == 1:
        body = [*_packing(plan), "row = 0", *_tile(plan)]
        return ["for panel in range(first, last):", *_indented(body)]
    return _panels_in_run(plan) if plan.cut == "panels" else _rows_in_run(plan)


def _panels_in_run(plan: Plan) -> list[str]:
    """The run goes down one panel, then down the next."""
    tiles = plan.rows.count
    body = [
        *_packing(plan),
        f"begin, end = first - panel * {tiles}, last - panel * {tiles}",
        *_down(plan, _larger("begin", 0), _smaller("end", tiles)),
    ]
    return [
        f"for panel in range(first // {tiles}, (last + {tiles - 1}) // {tiles}):",
        *_indented(body),
    ]


def _rows_in_run(plan: Plan) -> list[str]:
    """The run goes along one row of tiles, then along the next; it is still done panel by panel."""
    panels = plan.panels.count
    packing = _packing(plan)
    body = [
        f"begin, end = (first + {panels - 1} - panel) // {panels}, (last + {panels - 1} - panel) // {panels}",
        *(["if begin < end:", *_indented(packing)] if packing else []),
        *_down(plan, "begin", "end"),
    ]
    return [f"for panel in range({panels}):", *_indented(body)]


def _packing(plan: Plan) -> list[str]:
    if not plan.panel_room:
        return []
    return _by_piece(plan.panels, "panel", lambda width: [_pack(plan, width)])


def _down(plan: Plan, begin: str, end: str) -> list[str]:
    body = [f"row = {_row(plan.rows)}", *_tile(plan)]
    return [f"for tile in range({begin}, {end}):", *_indented(body)]


def _tile(plan: Plan) -> list[str]:
    return _by_piece(
        plan.rows,
        "tile",
        lambda height: _by_piece(plan.panels, "panel", lambda width: [_call(plan, height, width)]),
    )


def _call(plan: Plan, height: int, width: int) -> str:
    p = plan.product
    left, right = _sides(plan)
    a, b = f"{left}, {_times('row', p.a.row_stride)}", f"{right}, {_right_start(plan)}"
    if plan.copied_room:
        a = f"scratch, copied + {_times('row', p.k)}"
    if plan.panel_room:
        b = "scratch, packed"
    buffers = parameters(plan)[2 : 2 + len(plan.epilogue.buffers)]
    arguments = [a, b, "row", _times("panel", plan.panels.size), *buffers]
    return f"{tile_name(height, width)}({', '.join(arguments)})"


def _pack(plan: Plan, width: int) -> str:
    _, right = _sides(plan)
    return f"{pack_name(width)}({right}, {_right_start(plan)}, scratch, packed)"


def _sides(plan: Plan) -> tuple[str, str]:
    """The left and the right operand by their names in the kernel."""
    return ("b", "a") if plan.swapped else ("a", "b")


def _right_start(plan: Plan) -> str:
    return _times("panel", plan.panels.size * plan.product.b.column_stride)


def _times(name: str, factor: int) -> str:
    return {0: "0", 1: name}.get(factor, f"{name} * {factor}")


def _larger(value: str, limit: int) -> str:
    """Numba would compile max() as a function of its own, for a good part of the kernel's time."""
    return f"{value} if {value} > {limit} else {limit}"


def _smaller(value: str, limit: int) -> str:
    return f"{value} if {value} < {limit} else {limit}"


def _row(rows: Cut) -> str:
    if rows.large == rows.count:
        return _times("tile", rows.size)
    return f"{_times('tile', rows.size)} - ({_larger(f'tile - {rows.large}', 0)})"


def _by_piece(cut: Cut, index: str, text: Callable[[int], list[str]]) -> list[str]:
    """The text for a piece of each size, chosen by the piece's index."""
    (first, count), *others = cut.pieces()
    if not others:
        return text(first)
    rest = others[0][0]
    return [f"if {index} < {count}:", *_indented(text(first)), "else:", *_indented(text(rest))]


def _indented(lines: list[str]) -> list[str]:
    return [INDENT + line for line in lines]
