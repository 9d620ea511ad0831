"""Func -> text. Canonical: one instruction a line, operands then attributes in declared order, defaults left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..dtypes import DType, float32, int64
from ..values import Const, Instr, Result, Value

if TYPE_CHECKING:
    from ..func import Func

WIDTH = 100


class Line(NamedTuple):
    """A line of a Func's text, and the instruction that it says, if it says one."""

    text: str
    instr: Instr | None


def print_func(
    func: Func,
    *,
    locs: bool = False,
    marked: Instr | None = None,
    places: Mapping[Value, str] | None = None,
) -> str:
    """The text of a Func.

    `locs` adds the user's source line to each instruction; `marked` points at one; `places` says where values live, as
    `@35392`, which the parser reads over.
    """
    return "".join(f"{line.text}\n" for line in lines_of(func, locs, marked, places))


def lines_of(
    func: Func,
    locs: bool = False,
    marked: Instr | None = None,
    places: Mapping[Value, str] | None = None,
    names: Mapping[Value, str] | None = None,
) -> list[Line]:
    """The text of a Func line by line; lines of a fused body belong to the inner instructions.

    `names` are what some values are to be called whatever their own names are, `%` and all.
    """
    return list(_Printer(locs, marked, places, names).func(func))


def printed_names(func: Func) -> dict[Value, str]:
    """What the text calls each value, `%` and all; constants are left out."""
    printer = _Printer()
    for _ in printer.func(func):
        pass
    return printer.names


def attr_text(value: Any) -> str:
    """An attribute's value as IR text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, DType):
        return value.name
    if isinstance(value, tuple):
        return "[" + ",".join(map(attr_text, value)) + "]"
    return value if isinstance(value, str) else repr(value)


def const_text(const: Const) -> str:
    """A constant operand: its dtype is spelled out unless it is f32, i64 or bool."""
    dtype = const.type.dtype
    plain = dtype in (float32, int64) or dtype.kind == "bool"
    return attr_text(const.number) + ("" if plain else f":{dtype.name}")


class _Printer:
    def __init__(
        self,
        locs: bool = False,
        marked: Instr | None = None,
        places: Mapping[Value, str] | None = None,
        names: Mapping[Value, str] | None = None,
    ) -> None:
        self.locs = locs
        self.marked = marked
        self.places = places or {}
        self.names = dict(names or {})
        self.taken = {name[1:] for name in self.names.values()}
        self.next_number = 0

    def name(self, value: Value) -> str:
        """The value's unique name: its own, with a number if another value has that one already."""
        if isinstance(value, Const):
            return const_text(value)
        if value not in self.names:
            self.names[value] = "%" + self.fresh(value.name)
        return self.names[value]

    def fresh(self, wanted: str) -> str:
        found, count = wanted, 0
        while not found or found.isdigit() or found in self.taken:
            if wanted and not wanted.isdigit():
                count += 1
                found = f"{wanted}_{count}"
            else:
                found = str(self.next_number)
                self.next_number += 1
                if found not in self.taken:
                    break
        self.taken.add(found)
        return found

    def binder(self, value: Value) -> str:
        place = f" {self.places[value]}" if value in self.places else ""
        return f"{self.name(value)}: {value.type}{place}"

    def func(self, func: Func) -> Iterator[Line]:
        for line in self.header(func.name, [self.binder(a) for a in func.args]):
            yield Line(line, None)
        for instr in func.body:
            yield from self.instr(instr, "  ")
        results = ", ".join(map(self.result, func.results))
        yield Line(f"  return {results}".rstrip(), None)
        yield Line("}", None)

    def header(self, name: str, args: list[str]) -> Iterator[str]:
        line = f"func {name}({', '.join(args)}) {{"
        if len(line) <= WIDTH or not args:
            yield line
            return
        yield f"func {name}("
        for arg in args[:-1]:
            yield f"  {arg},"
        yield f"  {args[-1]}"
        yield ") {"

    def result(self, result: Result) -> str:
        into = f" as {self.name(result.into)}" if result.into else ""
        return self.name(result.value) + into

    def instr(self, instr: Instr, indent: str) -> Iterator[Line]:
        binders = ", ".join(map(self.binder, instr.results))
        ending = (" {" if instr.op.body else "") + ("  // <-- here" if instr is self.marked else "")
        yield Line(f"{indent}{binders} = {self.call(instr)}{self.loc(instr)}{ending}", instr)
        if instr.op.body:
            yield from self.body(instr.op.body, instr.operands, indent)

    def call(self, instr: Instr) -> str:
        attrs = [f"{k}={attr_text(v)}" for k, v in instr.op.attrs().items()]
        return f"{instr.op.name}({', '.join([*map(self.name, instr.operands), *attrs])})"

    def loc(self, instr: Instr) -> str:
        if not self.locs or not instr.loc:
            return ""
        file = re.sub(r'["\n\r]', "_", instr.loc.file)
        return f' loc("{file}":{instr.loc.line})'

    def body(self, body: Func, operands: tuple[Value, ...], indent: str) -> Iterator[Line]:
        """A fused op's program: its arguments go by the names of the operands they stand for."""
        self.names.update(zip(body.args, map(self.name, operands), strict=True))
        inline = bool(body.body) and [r.value for r in body.results] == [*body.body[-1].results]
        for step in body.body[:-1] if inline else body.body:
            yield from self.instr(step, indent + "  ")
        if inline:
            yield Line(f"{indent}  yield {self.call(body.body[-1])}", body.body[-1])
        else:
            named = ", ".join(self.name(r.value) for r in body.results)
            yield Line(f"{indent}  yield {named}", None)
        yield Line(indent + "}", None)
