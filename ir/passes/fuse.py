"""Fusion: an anchor (a matrix product, a normalisation, ...) or an elementwise op, with the elementwise ops that alone
consume it, becomes one instruction with a body. A value with a second reader is never fused away.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..builder import FuncBuilder
from ..func import Func
from ..fused import Fused
from ..values import Const, Instr, Result, Value

Group = list[Instr]


def fuse(func: Func) -> Func:
    """Group producers with their elementwise consumers; each group of two or more becomes a `Fused` instruction."""
    groups = _groups(func)
    builder = FuncBuilder(func.name, func.args)
    for instr in func.body:
        group = groups[instr]
        if instr is group[-1]:
            builder.append(instr if len(group) == 1 else _fused(group))
    return builder.finish(func.results)


def _groups(func: Func) -> dict[Instr, Group]:
    """The group of each instruction; a group's last instruction alone has readers outside."""
    readers, made = func.uses(), func.producers()
    groups: dict[Instr, Group] = {}
    for instr in func.body:
        group: Group = []
        for producer in _fusable_producers(instr, made, readers):
            joined = group + groups[producer]
            if sum(i.op.anchor for i in joined) <= 1:
                group = joined
        order = dict.fromkeys([*group, instr])
        group = list(_in_order(func, order))
        groups.update(dict.fromkeys(group, group))
    return groups


def _in_order(func: Func, members: dict[Instr, None]) -> Iterator[Instr]:
    if len(members) == 1:
        yield from members
    else:
        yield from (i for i in func.body if i in members)


def _fusable_producers(
    instr: Instr, made: dict[Value, Instr], readers: dict[Value, list[Instr | None]]
) -> Iterator[Instr]:
    """Producers that `instr` alone reads, of the shape that it computes."""
    if not instr.op.elementwise:
        return
    for operand in dict.fromkeys(instr.operands):
        producer = made.get(operand)
        if (
            producer is not None
            and (producer.op.elementwise or producer.op.anchor)
            and len(producer.results) == 1
            and set(readers[operand]) == {instr}
            and operand.type.shape == instr.result.type.shape
        ):
            yield producer


def _fused(group: Group) -> Instr:
    """One instruction that does what the group does."""
    inside = {r for i in group for r in i.results}
    outside = dict.fromkeys(
        o for i in group for o in i.operands if o not in inside and not isinstance(o, Const)
    )
    became: dict[Value, Value] = {o: Value(o.type, o.name) for o in outside}
    args = tuple(became.values())
    body = []
    for i in group:
        became.update({r: Value(r.type, r.name) for r in i.results})
        operands = tuple(became.get(o, o) for o in i.operands)
        body.append(Instr(i.op, operands, tuple(became[r] for r in i.results), i.loc))
    last = group[-1]
    results = tuple(Result(became[r]) for r in last.results)
    fused = Fused(Func(_name(group), args, tuple(body), results))
    return Instr(fused, tuple(outside), last.results, last.loc)


def _name(group: Group) -> str:
    names = [i.op.name for i in group]
    return "_".join(names) if len(names) <= 3 else f"fused_{names[0]}_{names[-1]}"
