"""Kernels that compute each element of their results from the operands' elements at the same place.

The innermost loop runs over vectors, with a masked one at the end; operands that do not lie in vector order there make
the kernel go element by element. The Python is loops and calls: all arithmetic on indices is in the macro-instructions,
because Numba takes about a millisecond for each operator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...ir import Func
from ...ir.dtypes import DType
from .gemm.instructions import I64
from .kernel import Kernel, canonical, indented
from .layout import Layout, Shape
from .macros import macro, number
from .space import Space, space
from .target import Target
from .vector import emit_body, first_lanes, load, splat, storage_type, store


def elementwise(
    body: Func, shape: Shape, layouts: Sequence[Layout], dtypes: Sequence[DType], target: Target
) -> Kernel:
    """The kernel of a body. Layouts and dtypes are the operands' (broadcast to the shape), then the results'."""
    loops = space(shape, layouts)
    lanes = _lanes(loops, dtypes, target)
    full, rest = divmod(loops.sizes[-1], lanes)
    outer = (*loops.sizes[:-1], full)[0]
    step = Step(body, loops, tuple(dtypes), lanes)
    scope = {
        "begin": number("begin", shares(outer, 0)),
        "end": number("end", shares(outer, 1)),
        "step": macro("step", step.whole),
        "rest": macro("rest", step.rest_by_last if len(loops.sizes) == 1 else step.rest),
    }
    return Kernel(
        body.name,
        "\n".join(_source(loops, full, rest)) + "\n",
        tuple(dtypes),
        scope,
        identity=f"{canonical(body)}{lanes}{loops}",
        explicit=True,
    )


def shares(count: int, late: int) -> Callable[[Any, list[Any]], Any]:
    """Where the share of a part begins (ends, if `late` is 1): part · count / parts, for the next part."""

    def emit(builder: Any, arguments: list[Any]) -> Any:
        part, parts = arguments
        scaled = builder.mul(builder.add(part, I64(late)), I64(count))
        return builder.sdiv(scaled, parts)

    return emit


def _lanes(loops: Space, dtypes: Sequence[DType], target: Target) -> int:
    """As many as fit a register, no more than needed; one where an operand's elements lie apart."""
    if any(strides[-1] not in (0, 1) for strides in loops.strides):
        return 1
    lanes = target.lanes(max(max(d.itemsize for d in dtypes), 4))
    while lanes > 1 and lanes >= 2 * loops.sizes[-1]:
        lanes //= 2
    return lanes


def _source(loops: Space, full: int, rest: int) -> list[str]:
    buffers = ", ".join(f"x{b}" for b in range(len(loops.strides)))
    *outer, last = (f"i{d}" for d in range(len(loops.sizes)))
    lines, depth = [f"def kernel({buffers}, part, parts):"], 1
    for d, name in enumerate(outer):
        spread = f"range({loops.sizes[d]})" if d else "range(begin(part, parts), end(part, parts))"
        lines += indented([f"for {name} in {spread}:"], depth)
        depth += 1
    if full:
        spread = f"range({full})" if outer else "range(begin(part, parts), end(part, parts))"
        call = f"step({', '.join([buffers, *outer, last])})"
        lines += indented([f"for {last} in {spread}:", f"    {call}"], depth)
    if rest:
        given = [*outer] if outer else ["part", "parts"]
        lines += indented([f"rest({', '.join([buffers, *given])})"], depth)
    if not full and not rest:
        lines += indented(["pass"], depth)
    return lines


@dataclass(frozen=True)
class Step:
    """Load, compute, store, for one vector."""

    body: Func
    loops: Space
    dtypes: tuple[DType, ...]
    lanes: int

    def whole(self, builder: Any, arguments: list[Any]) -> None:
        """The vector with the number that is the last argument."""
        *given, last = arguments
        self._emit(builder, [*given, builder.mul(last, I64(self.lanes))], None)

    def rest(self, builder: Any, arguments: list[Any]) -> None:
        """The elements after the last whole vector."""
        full, count = divmod(self.loops.sizes[-1], self.lanes)
        mask = first_lanes(builder, I64(count), self.lanes)
        self._emit(builder, [*arguments, I64(full * self.lanes)], mask)

    def rest_by_last(self, builder: Any, arguments: list[Any]) -> None:
        """The same, if this is the last part."""
        *buffers, part, parts = arguments
        following = builder.add(part, I64(1))
        with builder.if_then(builder.icmp_signed("==", following, parts)):
            self.rest(builder, buffers)

    def _emit(self, builder: Any, arguments: list[Any], mask: Any) -> None:
        count = len(self.dtypes)
        pointers = [
            builder.bitcast(pointer, storage_type(dtype).as_pointer())
            for dtype, pointer in zip(self.dtypes, arguments[:count], strict=True)
        ]
        places = [self._index(builder, b, arguments[count:]) for b in range(count)]
        operands = len(self.body.args)
        vectors = []
        for b in range(operands):
            wide = self.loops.strides[b][-1] == 1
            lanes, hidden = (self.lanes, mask) if wide else (1, None)
            vectors.append(load(builder, self.dtypes[b], pointers[b], places[b], lanes, hidden))
        for b, found in enumerate(emit_body(builder, self.body, vectors), operands):
            store(builder, splat(builder, found, self.lanes), pointers[b], places[b], mask)

    def _index(self, builder: Any, buffer: int, variables: Sequence[Any]) -> Any:
        """Which element of a buffer belongs to the loops' place."""
        index = I64(self.loops.offsets[buffer])
        for variable, stride in zip(variables, self.loops.strides[buffer], strict=True):
            if stride:
                index = builder.add(index, builder.mul(variable, I64(stride)))
        return index
