"""A kernel from a program for panels, which are shared among the parts: rows, or some columns side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from ....ir.dtypes import DType, uint8
from ..gemm.instructions import I64, Value
from ..kernel import Kernel, Scratch
from ..macros import Emitter, macro
from ..vector import storage_type
from .geometry import Geometry
from .loops import places, plus, shared
from .panel import Panel
from .place import Buffer
from .turned import TurnedPanel

Program = Callable[[Panel], None]
ALIGNED = 64


class Stage(NamedTuple):
    """A program for the panels of a walk."""

    walk: Geometry
    program: Program
    sees: tuple[int, ...] | None = None
    """Which of the kernel's buffers each of the walk's is, if not simply the same."""
    rooms: tuple[DType, ...] = ()
    """The element types of the walk's last buffers, which are scratch memory for the elements of one panel."""

    def room_bytes(self) -> int:
        """One room beside the other, each beginning at a multiple of 64."""
        return sum(map(self.bytes_of, self.rooms))

    def bytes_of(self, room: DType) -> int:
        return -(-self.walk.panel_elements * room.itemsize // ALIGNED) * ALIGNED


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
    scratch = max(stage.room_bytes() for stage in stages)
    arguments = ", ".join([*buffers, *["scratch"] * bool(scratch), "part", "parts"])
    return Kernel(
        name,
        f"def kernel({arguments}):\n    panels({arguments})\n",
        tuple(dtypes),
        {"panels": macro("panels", _emitter(stages, dtypes, bool(complaint), scratch, alone))},
        identity=f"{identity} {[(stage.walk, stage.sees) for stage in stages]} {alone}",
        complaint=complaint,
        explicit=all(stage.walk.lanes > 1 for stage in stages),
        scratch=Scratch(uint8, scratch) if scratch else None,
    )


def _emitter(
    stages: Sequence[Stage], dtypes: Sequence[DType], complains: bool, scratch: int, alone: bool
) -> Emitter:
    def emit(builder: Any, arguments: list[Any]) -> None:
        *pointers, part, parts = arguments
        own = plus_bytes(builder, pointers.pop(), part, scratch) if scratch else None
        status = pointers.pop() if complains else None
        buffers = tuple(
            Buffer(builder.bitcast(p, storage_type(d).as_pointer()), d)
            for p, d in zip(pointers, dtypes, strict=True)
        )
        if not alone:
            _run(builder, stages, buffers, (status, own), (part, parts))
            return
        with builder.if_then(builder.icmp_signed("==", part, I64(0))):
            _run(builder, stages, buffers, (status, own), (I64(0), I64(1)))

    return emit


def _run(
    builder: Any,
    stages: Sequence[Stage],
    buffers: tuple[Buffer, ...],
    more: tuple[Value, Value],
    share: tuple[Value, Value],
) -> None:
    """`more` is the status and the part's scratch memory, if there are any."""
    status, scratch = more

    def unit(stage: Stage, seen: tuple[Buffer, ...], units: Units, index: Value) -> None:
        indices = places(index, units.sizes, builder)
        bases = _bases(builder, stage, indices, units)
        kind = TurnedPanel if stage.walk.turned else Panel
        stage.program(kind(builder, seen, stage.walk, bases, units.groups, units.last, status))

    for stage in stages:
        seen = buffers if stage.sees is None else tuple(buffers[b] for b in stage.sees)
        seen += tuple(_rooms(builder, stage, scratch))
        for units in _units(stage.walk):
            shared(builder, math.prod(units.sizes), *share, partial(unit, stage, seen, units))


def _rooms(builder: Any, stage: Stage, scratch: Value) -> Iterator[Buffer]:
    start = 0
    for room in stage.rooms:
        pointer = plus_bytes(builder, scratch, I64(1), start)
        yield Buffer(builder.bitcast(pointer, storage_type(room).as_pointer()), room)
        start += stage.bytes_of(room)


def plus_bytes(builder: Any, pointer: Value, count: Value, size: int) -> Value:
    """A pointer to bytes, moved on by `count` times a number of them."""
    return builder.gep(pointer, [builder.mul(count, I64(size))])


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


def _bases(builder: Any, stage: Stage, indices: Sequence[Value], units: Units) -> tuple[Value, ...]:
    """Where a unit begins in each buffer; all begin at the same place in a room."""
    kept, found = stage.walk.kept, []
    own = len(kept.strides) - len(stage.rooms)
    for offset, strides in zip(kept.offsets[:own], kept.strides[:own], strict=True):
        base = I64(offset + units.start * strides[-1])
        for index, stride in zip(indices[:-1], strides[:-1], strict=True):
            base = plus(builder, base, index, stride)
        found.append(plus(builder, base, indices[-1], units.step * strides[-1]))
    return (*found, *[I64(0)] * len(stage.rooms))
