"""What a fused instruction is: elementwise throughout, a body of one walk, or an anchor and its tail.

Those that no kernel does whole are taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ...ir import Const, Func, Fused, Instr, Result, Value
from ...ir.passes.grouping import walk_of
from ...ir.walk import Walk
from .lower import Tail, has_tails


class Group(NamedTuple):
    """What a kernel does: the anchor, then the tail on its result; the tail's other inputs."""

    anchor: Instr
    tail: Tail
    inputs: tuple[Value, ...]


def apart(func: Func) -> Func:
    """The Func in which every fused instruction has a kernel."""
    body = [step for instr in func.body for step in _steps(instr)]
    return replace(func, body=tuple(body), _cache={})


def group(instr: Instr) -> Group | None:
    """The anchor and the tail of a fused instruction that has an anchor."""
    if instr.op.body is None or is_elementwise(instr.op.body) or walk_along(instr):
        return None
    outside = dict(zip(instr.op.body.args, instr.operands, strict=True))
    anchor, rest = _parted(instr.op.body)
    made = anchor.result
    inputs = [v for v in _read(rest, instr.op.body) if v is not made]
    body = Func(instr.op.name, (made, *inputs), tuple(rest), instr.op.body.results)
    operands = tuple(outside.get(o, o) for o in anchor.operands)
    return Group(
        replace(anchor, operands=operands), Tail(body, 0), tuple(outside[v] for v in inputs)
    )


def walk_along(instr: Instr) -> Walk | None:
    """The walk of an instruction, or that of all members of its body."""
    body = instr.op.body
    if body is None:
        return walk_of(instr)
    found = {walk for i in body.body if (walk := walk_of(i)) is not None}
    if len(found) != 1:
        return None
    (walk,) = found
    return walk if _keeps_to(walk, body) else None


def _keeps_to(walk: Walk, body: Func) -> bool:
    """Is everything in a body there for each element or once per walk, and used where it is?"""
    made = {r: i for i in body.body for r in i.results}
    for instr in body.body:
        walks = walk_of(instr) is not None
        shape = walk.shape if walks else instr.result.type.shape
        inner = [o.type.shape for o in instr.operands if o in made]
        if not (walks or instr.op.elementwise or (instr.op.in_order and inner)):
            return False
        if not walk.covers(instr.result.type.shape) or not all(
            walk.covers(s) and walk.spreads(s, shape) for s in inner
        ):
            return False
        if instr.op.in_order and walk.shape in inner:
            return False
    return True


def is_elementwise(body: Func) -> bool:
    """Is a body the same at every place?"""
    return all(i.op.elementwise for i in body.body)


def _has_one_shape(body: Func) -> bool:
    """Is it an anchor and what goes on from its result?"""
    first = next(i for i in body.body if not i.op.elementwise)
    rest = [i for i in body.body if i is not first]
    shape = first.result.type.shape
    return all(i.op.elementwise and i.result.type.shape == shape for i in rest) and not any(
        o in i.results for i in rest for o in first.operands
    )


def _inlined(instr: Instr, body: Func, became: dict[Value, Value]) -> Iterator[Instr]:
    """Each member by itself."""
    became.update(zip((r.value for r in body.results), instr.results, strict=True))
    for step in body.body:
        results = tuple(became.setdefault(r, Value(r.type, r.name)) for r in step.results)
        operands = tuple(became.get(o, o) for o in step.operands)
        yield replace(step, operands=operands, results=results)


def _parted(body: Func) -> tuple[Instr, list[Instr]]:
    (anchor,) = (i for i in body.body if not i.op.elementwise)
    return anchor, [i for i in body.body if i is not anchor]


def _read(rest: list[Instr], body: Func) -> list[Value]:
    """What the elementwise part takes from outside of itself, in order."""
    made = {r for i in rest for r in i.results}
    wanted = [o for i in rest for o in i.operands] + [r.value for r in body.results]
    return list(dict.fromkeys(v for v in wanted if v not in made and not isinstance(v, Const)))


def _steps(instr: Instr) -> Iterator[Instr]:
    """The instruction itself, or its anchor alone and the elementwise rest as one."""
    body = instr.op.body
    if body is None or is_elementwise(body) or walk_along(instr):
        yield instr
        return
    became = dict(zip(body.args, instr.operands, strict=True))
    if not _has_one_shape(body):
        yield from _inlined(instr, body, became)
        return
    anchor, rest = _parted(body)
    if has_tails(anchor):
        yield instr
        return
    made = Value(anchor.result.type, anchor.result.name)
    became[anchor.result] = made
    yield replace(
        anchor, operands=tuple(became.get(o, o) for o in anchor.operands), results=(made,)
    )
    inputs = _read(rest, body)
    inner = Func(instr.op.name, tuple(inputs), tuple(rest), tuple(map(_plain, body.results)))
    yield replace(instr, op=Fused(inner), operands=tuple(became[v] for v in inputs))


def _plain(result: Result) -> Result:
    return Result(result.value)
