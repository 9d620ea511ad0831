"""A kernel from a program for panels, which are shared among the parts: rows, or some columns side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ....ir import Func
from ....ir.dtypes import DType
from ..gemm.instructions import I64, Value
from ..kernel import Kernel
from ..macros import Emitter, macro
from ..vector import Vector, emit_body, storage_type
from ..vector.convert import rounded
from .geometry import Geometry
from .loops import places, plus, shared
from .panel import Panel
from .place import Buffer, Place

Program = Callable[[Panel], None]


@dataclass(frozen=True)
class Ending:
    """What becomes of a result: it is stored, or goes through a body of elementwise ops whose results are."""

    operands: int
    """The number of buffers before those of the body's other inputs, or before the result's."""
    body: Func | None = None
    hole: int = 0

    def store(self, place: Place, value: Vector) -> None:
        """Everything is read before anything is written, since results may replace inputs."""
        value = rounded(place.builder, value)
        if self.body is None:
            place.write(self.operands, value)
            return
        others = len(self.body.args) - 1
        inputs = [place.read(self.operands + i) for i in range(others)]
        inputs.insert(self.hole, value)
        for i, result in enumerate(emit_body(place.builder, self.body, inputs)):
            place.write(self.operands + others + i, result)


def row_kernel(
    name: str,
    walk: Geometry,
    dtypes: Sequence[DType],
    program: Program,
    *,
    identity: str,
    complaint: str = "",
) -> Kernel:
    """The kernel that runs a program on every panel. `identity` tells what the program does."""
    buffers = [f"x{b}" for b in range(len(dtypes))] + ["status"] * bool(complaint)
    arguments = ", ".join([*buffers, "part", "parts"])
    return Kernel(
        name,
        f"def kernel({arguments}):\n    panels({arguments})\n",
        tuple(dtypes),
        {"panels": macro("panels", _emitter(walk, dtypes, program, bool(complaint)))},
        identity=f"{identity} {walk}",
        complaint=complaint,
    )


def _emitter(walk: Geometry, dtypes: Sequence[DType], program: Program, complains: bool) -> Emitter:
    def emit(builder: Any, arguments: list[Any]) -> None:
        *pointers, part, parts = arguments
        status = pointers.pop() if complains else None
        buffers = tuple(
            Buffer(builder.bitcast(p, storage_type(d).as_pointer()), d)
            for p, d in zip(pointers, dtypes, strict=True)
        )

        def run(loops: Sequence[int], step: int, start: int, groups: int, last: int | None) -> None:
            def unit(index: Value) -> None:
                bases = _bases(builder, walk, places(index, loops, builder), step, start)
                program(Panel(builder, buffers, walk, bases, groups, last, status))

            shared(builder, math.prod(loops), part, parts, unit)

        _units(walk, run)

    return emit


def _units(walk: Geometry, run: Callable[..., None]) -> None:
    """Rows; or whole panels of columns, then what is left beside them."""
    *outer, size = walk.kept.sizes
    if walk.along:
        run([*outer, size], 1, 0, 1, None)
        return
    width = walk.groups * walk.lanes
    whole, rest = divmod(size, width)
    if whole:
        run([*outer, whole], width, 0, walk.groups, None)
    if rest:
        run([*outer, 1], 1, whole * width, -(-rest // walk.lanes), rest % walk.lanes or None)


def _bases(
    builder: Any, walk: Geometry, indices: Sequence[Value], step: int, start: int
) -> tuple[Value, ...]:
    """Where a unit begins in each buffer; `step` is the width of a unit, `start` where the first one lies."""
    found = []
    for offset, strides in zip(walk.kept.offsets, walk.kept.strides, strict=True):
        base = I64(offset + start * strides[-1])
        for index, stride in zip(indices[:-1], strides[:-1], strict=True):
            base = plus(builder, base, index, stride)
        found.append(plus(builder, base, indices[-1], step * strides[-1]))
    return tuple(found)
