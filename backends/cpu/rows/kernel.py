"""A kernel from a program for panels, which are shared among the parts: rows, or some columns side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

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
from .turned import TurnedPanel

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


class Stage(NamedTuple):
    """A program for the panels of a walk."""

    walk: Geometry
    program: Program


def row_kernel(
    name: str,
    stages: Sequence[Stage],
    dtypes: Sequence[DType],
    *,
    identity: str,
    complaint: str = "",
    alone: bool = False,
) -> Kernel:
    """The kernel that goes through some stages. `identity` tells what the programs do.

    Parts do not wait for each other between stages. Where one stage needs what another has written, or where panels
    write to the same elements, the first part does everything `alone`.
    """
    buffers = [f"x{b}" for b in range(len(dtypes))] + ["status"] * bool(complaint)
    arguments = ", ".join([*buffers, "part", "parts"])
    return Kernel(
        name,
        f"def kernel({arguments}):\n    panels({arguments})\n",
        tuple(dtypes),
        {"panels": macro("panels", _emitter(stages, dtypes, bool(complaint), alone))},
        identity=f"{identity} {[stage.walk for stage in stages]} {alone}",
        complaint=complaint,
    )


def _emitter(
    stages: Sequence[Stage], dtypes: Sequence[DType], complains: bool, alone: bool
) -> Emitter:
    def emit(builder: Any, arguments: list[Any]) -> None:
        *pointers, part, parts = arguments
        status = pointers.pop() if complains else None
        buffers = tuple(
            Buffer(builder.bitcast(p, storage_type(d).as_pointer()), d)
            for p, d in zip(pointers, dtypes, strict=True)
        )
        if not alone:
            _run(builder, stages, buffers, status, (part, parts))
            return
        with builder.if_then(builder.icmp_signed("==", part, I64(0))):
            _run(builder, stages, buffers, status, (I64(0), I64(1)))

    return emit


def _run(
    builder: Any,
    stages: Sequence[Stage],
    buffers: tuple[Buffer, ...],
    status: Value,
    share: tuple[Value, Value],
) -> None:
    def unit(stage: Stage, units: Units, index: Value) -> None:
        indices = places(index, units.sizes, builder)
        bases = _bases(builder, stage.walk, indices, units.step, units.start)
        kind = TurnedPanel if stage.walk.turned else Panel
        stage.program(kind(builder, buffers, stage.walk, bases, units.groups, units.last, status))

    for stage in stages:
        for units in _units(stage.walk):
            shared(builder, math.prod(units.sizes), *share, partial(unit, stage, units))


class Units(NamedTuple):
    """Panels of one kind: loops over them, the columns of each and where the first one begins."""

    sizes: tuple[int, ...]
    step: int = 1
    start: int = 0
    groups: int = 1
    last: int | None = None


def _units(walk: Geometry) -> Iterator[Units]:
    """Rows; or whole panels of columns, then what is left beside them."""
    *outer, size = walk.kept.sizes
    if walk.along:
        yield Units((*outer, size))
        return
    width = walk.groups * walk.lanes
    whole, rest = divmod(size, width)
    if whole:
        yield Units((*outer, whole), width, 0, walk.groups)
    if rest:
        yield Units(
            (*outer, 1), 1, whole * width, -(-rest // walk.lanes), rest % walk.lanes or None
        )


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
