"""The kernels of a program, in order, each with the places that it works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...ir import Const, Func, Instr, Result, TensorType, Value
from ...ir.ops.creation import Literal
from ...ir.walk import Walk
from .elementwise import elementwise
from .groups import group, walk_along
from .kernel import Kernel
from .layout import Layout, broadcast, dense, may_view
from .lower import Job, Repeat, Task, rule_for, walking
from .memory import Home, Memory
from .target import Target

BYTES_PER_NANOSECOND = 16.0


class Place(NamedTuple):
    """Where a kernel's buffer begins: so many bytes into a buffer of the program."""

    buffer: int
    offset: int = 0


class Call(NamedTuple):
    """A kernel on places. The last `results` of them are written to, the others read."""

    kernel: Kernel
    places: tuple[Place, ...]
    results: int
    repeat: Repeat
    effort: float
    """About how many nanoseconds one core needs."""
    instr: Instr | None = None

    @property
    def read(self) -> list[int]:
        return [p.buffer for p in self.places[: len(self.places) - self.results]]

    @property
    def written(self) -> list[int]:
        return [p.buffer for p in self.places[len(self.places) - self.results :]]


def schedule(func: Func, memory: Memory, target: Target) -> Iterator[Call]:
    """What a program calls: views, literals and results without elements cost nothing."""
    for instr in func.body:
        empty = not any(r.type.nbytes for r in instr.results)
        if not (empty or isinstance(instr.op, Literal) or memory.is_view(instr)):
            yield _call(instr, memory, target)
    for type, source, to in memory.copies:
        homes = [source, Home(to, dense(type.static_shape))]
        yield _placed(copy(type, source.layout, target), homes, [type, type], 1)


def _call(instr: Instr, memory: Memory, target: Target) -> Call:
    if may_view(instr.op):
        home = memory.home(instr.operands[0])
        kernel = _reshaped(instr, home.layout, target)
        homes = [home, memory.home(instr.result)]
        return _placed(kernel, homes, [v.type for v in (*instr.operands, *instr.results)], 1, instr)
    walk = walk_along(instr)
    if walk is not None:
        return _walking(instr, walk, memory, target)
    found = group(instr)
    if found is None and (instr.op.elementwise or instr.op.body):
        return _in_step(instr, memory, target)
    anchor, tail, inputs = found or (instr, None, ())
    values = (*anchor.operands, *inputs, *instr.results)
    homes, types = [memory.home(v) for v in values], [v.type for v in values]
    layouts = [home.layout for home in homes]
    if found:
        shape = anchor.result.type.static_shape
        first = len(anchor.operands)
        layouts[first:] = [broadcast(layout, shape) for layout in layouts[first:]]
    job = Job(anchor.op, tuple(types), tuple(layouts), target, len(anchor.operands), tail)
    return _placed(rule_for(anchor)(job), homes, types, len(instr.results), instr)


def _walking(instr: Instr, walk: Walk, memory: Memory, target: Target) -> Call:
    body, homes, types = _as_body(instr, memory)
    layouts, dtypes = [h.layout for h in homes], [t.dtype for t in types]
    kernel = walking(body, walk, layouts, dtypes, target)
    return _placed(kernel, homes, types, len(instr.results), instr)


def _as_body(instr: Instr, memory: Memory) -> tuple[Func, list[Home], list[TensorType]]:
    """An instruction's body; where its operands and results live, and their types."""
    operands = [o for o in instr.operands if instr.op.body or not isinstance(o, Const)]
    values = (*operands, *instr.results)
    body = instr.op.body or as_body(instr)
    return body, [memory.home(v) for v in values], [v.type for v in values]


def _in_step(instr: Instr, memory: Memory, target: Target) -> Call:
    body, homes, types = _as_body(instr, memory)
    shape = instr.results[0].type.static_shape
    layouts = [broadcast(h.layout, shape) for h in homes]
    kernel = elementwise(body, shape, layouts, [t.dtype for t in types], target)
    return _placed(kernel, homes, types, len(instr.results), instr)


def _placed(
    task: Kernel | Task,
    homes: Sequence[Home],
    types: Sequence[TensorType],
    results: int,
    instr: Instr | None = None,
) -> Call:
    kernel, offsets, repeat = task if isinstance(task, Task) else Task(task)
    starts = offsets or (0,) * len(homes)
    places = tuple(
        Place(home.buffer, start * type.dtype.itemsize)
        for home, start, type in zip(homes, starts, types, strict=True)
    )
    strides = tuple(
        tuple(s * type.dtype.itemsize for s in steps)
        for steps, type in zip(repeat.strides, types, strict=bool(repeat.strides))
    )
    moved = sum(type.nbytes for type in types) / BYTES_PER_NANOSECOND
    bytes_apart = Repeat(repeat.sizes, strides)
    return Call(kernel, places, results, bytes_apart, max(kernel.effort, moved), instr)


def as_body(instr: Instr) -> Func:
    """One instruction as a body: numbers stay in it, other operands are its arguments."""
    args = [Value(o.type, o.name) for o in instr.operands if not isinstance(o, Const)]
    rest = iter(args)
    operands = tuple(o if isinstance(o, Const) else next(rest) for o in instr.operands)
    results = tuple(Value(r.type, r.name) for r in instr.results)
    body = (Instr(instr.op, operands, results),)
    return Func(instr.op.name, tuple(args), body, tuple(map(Result, results)))


def copy(type: TensorType, layout: Layout, target: Target) -> Kernel:
    """The kernel that copies a value to dense memory."""
    value = Value(type)
    body = Func("copy", (value,), (), (Result(value),))
    layouts = [layout, dense(layout.shape)]
    return elementwise(body, layout.shape, layouts, [type.dtype] * 2, target)


def _reshaped(instr: Instr, layout: Layout, target: Target) -> Kernel:
    """A view that its operand's memory does not allow is a copy in the operand's own order."""
    return copy(instr.operands[0].type, layout, target)
