"""The kernels of a program, in order, each with the buffers it works on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...ir import Const, Func, Instr, Result, TensorType, Value
from ...ir.ops.creation import Literal
from .elementwise import elementwise
from .kernel import Kernel
from .layout import Layout, Shape, dense
from .lower import Job, rule_for
from .memory import Memory
from .target import Target


class Call(NamedTuple):
    """A kernel on buffers."""

    kernel: Kernel
    buffers: tuple[int, ...]


def schedule(func: Func, memory: Memory, target: Target) -> Iterator[Call]:
    """What a program calls, views and literals left out."""
    for instr in func.body:
        if isinstance(instr.op, Literal):
            memory.buffers[memory.home(instr.result).buffer].content = instr.op.ref()
        elif not memory.is_view(instr):
            yield _call(instr, memory, target)
    for value, buffer in memory.copies:
        home = memory.home(value)
        yield Call(copy(value.type, home.layout, target), (home.buffer, buffer))


def _call(instr: Instr, memory: Memory, target: Target) -> Call:
    if instr.op.view:
        home = memory.home(instr.operands[0])
        kernel = _reshaped(instr, home.layout, target)
        return Call(kernel, (home.buffer, memory.home(instr.result).buffer))
    if instr.op.elementwise or instr.op.body:
        return _fused(instr, memory, target)
    values = (*instr.operands, *instr.results)
    homes = [memory.home(v) for v in values]
    job = Job(instr.op, tuple(v.type for v in values), tuple(h.layout for h in homes), target)
    return Call(rule_for(instr)(job), tuple(h.buffer for h in homes))


def _fused(instr: Instr, memory: Memory, target: Target) -> Call:
    body = instr.op.body or as_body(instr)
    operands = [o for o in instr.operands if instr.op.body or not isinstance(o, Const)]
    values = (*operands, *instr.results)
    homes = [memory.home(v) for v in values]
    shape = instr.results[0].type.static_shape
    layouts = [broadcast(h.layout, shape) for h in homes]
    kernel = elementwise(body, shape, layouts, [v.type.dtype for v in values], target)
    return Call(kernel, tuple(h.buffer for h in homes))


def as_body(instr: Instr) -> Func:
    """One elementwise instruction as a body: numbers stay in it, other operands are its arguments."""
    args = [Value(o.type, o.name) for o in instr.operands if not isinstance(o, Const)]
    rest = iter(args)
    operands = tuple(o if isinstance(o, Const) else next(rest) for o in instr.operands)
    results = tuple(Value(r.type, r.name) for r in instr.results)
    body = (Instr(instr.op, operands, results),)
    return Func(instr.op.name, tuple(args), body, tuple(map(Result, results)))


def broadcast(layout: Layout, shape: Shape) -> Layout:
    """A layout stretched to a shape."""
    extra = len(shape) - len(layout.shape)
    strides = [0 if n == 1 else s for n, s in zip(layout.shape, layout.strides, strict=True)]
    return Layout(shape, (*(0,) * extra, *strides), layout.offset)


def copy(type: TensorType, layout: Layout, target: Target) -> Kernel:
    """The kernel that copies a value to dense memory."""
    value = Value(type)
    body = Func("copy", (value,), (), (Result(value),))
    layouts = [layout, dense(layout.shape)]
    return elementwise(body, layout.shape, layouts, [type.dtype] * 2, target)


def _reshaped(instr: Instr, layout: Layout, target: Target) -> Kernel:
    """A view that its operand's memory does not allow is a copy in the operand's own order."""
    return copy(instr.operands[0].type, layout, target)
