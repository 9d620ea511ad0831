"""The graph of a stage as data for the page: a node for each argument and instruction, with what it reads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ...ir import Func, Value
from ...ir.op import Op
from ...ir.text.printer import printed_names
from .changes import Member, Numbered


def nodes(func: Func, note: Numbered) -> list[dict[str, Any]]:
    """The nodes, each after what it reads. An argument goes by its name, an instruction by its number."""
    names = printed_names(func)
    return [*map(_argument, func.args), *(_node(m, names) for m in note.members)]


def _argument(value: Value) -> dict[str, Any]:
    named = {"id": value.name, "name": f"%{value.name}", "type": str(value.type)}
    return {**named, "op": "", "kind": "argument", "reads": [], "parent": None}


def _node(member: Member, names: Mapping[Value, str]) -> dict[str, Any]:
    instr = member.instr
    read = dict.fromkeys(map(_source, member.operands))
    return {
        "id": member.number,
        "name": ", ".join(names[r] for r in instr.results if r in names),
        "type": ", ".join(str(r.type) for r in instr.results),
        "op": instr.op.name,
        "kind": _kind(instr.op),
        "reads": [r for r in read if r is not None],
        "parent": member.parent,
    }


def _kind(op: Op) -> str:
    """How a node is drawn."""
    if op.body is not None:
        return "group"
    kinds = {"product": op.anchor, "view": op.view, "elementwise": op.elementwise}
    return next((kind for kind, holds in kinds.items() if holds), "other")


def _source(operand: Hashable) -> int | str | None:
    """The node that an operand comes from; a constant has none."""
    if isinstance(operand, str):
        return operand
    place = operand[0] if isinstance(operand, tuple) else None
    return place if isinstance(place, int) else None
