"""Kernels that compute each element of their results from the operands' elements at the same place.

The innermost loop runs over vectors, with a masked one at the end; operands that do not lie in vector order there make
the kernel go element by element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir as ll

from ...ir import Func
from ...ir.dtypes import DType
from .kernel import Kernel, indented
from .layout import Layout, Shape
from .macros import Emitter, macro
from .space import Space, share, space
from .target import Target
from .vector import emit_body, first_lanes, load, splat, storage_type, store


def elementwise(
    body: Func, shape: Shape, layouts: Sequence[Layout], dtypes: Sequence[DType], target: Target
) -> Kernel:
    """The kernel of a body. Layouts and dtypes are the operands' (broadcast to the shape), then the results'."""
    loops = space(shape, layouts)
    lanes = _lanes(loops, dtypes, target)
    full, rest = divmod(loops.sizes[-1], lanes)
    widths = {"step": None, **({"rest": rest} if rest else {})}
    scope = {n: macro(n, _step(body, loops, dtypes, lanes, count)) for n, count in widths.items()}
    return Kernel(
        body.name,
        "\n".join(_source(loops, lanes, full, rest)) + "\n",
        tuple(dtypes),
        scope,
        identity=f"{body}{lanes}{loops.strides}",
    )


def _lanes(loops: Space, dtypes: Sequence[DType], target: Target) -> int:
    """As many as fit a register, no more than needed; one where an operand's elements lie apart."""
    if any(strides[-1] not in (0, 1) for strides in loops.strides):
        return 1
    lanes = target.lanes(max(max(d.itemsize for d in dtypes), 4))
    while lanes > 1 and lanes >= 2 * loops.sizes[-1]:
        lanes //= 2
    return lanes


def _source(loops: Space, lanes: int, full: int, rest: int) -> list[str]:
    buffers = [f"x{b}" for b in range(len(loops.strides))]
    names = [f"i{d}" for d in range(len(loops.sizes))]

    def call(name: str, last: str) -> str:
        places = [loops.index(b, [*names[:-1], last]) for b in range(len(buffers))]
        return f"{name}({', '.join(f'{x}, {p}' for x, p in zip(buffers, places, strict=True))})"

    lines, depth = [f"def kernel({', '.join(buffers)}, part, parts):"], 1
    for d, size in enumerate(loops.sizes[:-1]):
        lines += indented(
            [f"for {names[d]} in {share(size) if d == 0 else f'range({size})'}:"], depth
        )
        depth += 1
    outermost = depth == 1
    if full:
        spread = share(full) if outermost else f"range({full})"
        lines += indented(
            [f"for {names[-1]} in {spread}:", "    " + call("step", f"({names[-1]} * {lanes})")],
            depth,
        )
    if rest:
        tail = call("rest", f"{full * lanes}")
        lines += indented(["if part == parts - 1:", f"    {tail}"] if outermost else [tail], depth)
    if not full and not rest:
        lines += indented(["pass"], depth)
    return lines


def _step(
    body: Func, loops: Space, dtypes: Sequence[DType], lanes: int, count: int | None
) -> Emitter:
    """Load, compute, store: `lanes` elements, or the first `count` of them."""
    operands = len(body.args)

    def emit(builder: Any, arguments: list[Any]) -> None:
        mask = (
            None if count in (None, lanes) else first_lanes(builder, ll.IntType(64)(count), lanes)
        )
        places = [
            (builder.bitcast(pointer, storage_type(dtype).as_pointer()), index)
            for dtype, pointer, index in zip(dtypes, arguments[::2], arguments[1::2], strict=True)
        ]
        vectors = []
        for b, (pointer, index) in enumerate(places[:operands]):
            wide = loops.strides[b][-1] == 1
            vectors.append(
                load(
                    builder, dtypes[b], pointer, index, lanes if wide else 1, mask if wide else None
                )
            )
        results = [splat(builder, r, lanes) for r in emit_body(builder, body, vectors)]
        for result, (pointer, index) in zip(results, places[operands:], strict=True):
            store(builder, result, pointer, index, mask)

    return emit
