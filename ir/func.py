"""A program in the IR: arguments, instructions in order of execution, results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .. import lazy
from .text.printer import print_func
from .values import Instr, Result, Value

_html = lazy.module(f"{__package__}.text.html")


@dataclass(frozen=True, eq=False)
class Func:
    """A function. Passes make new ones; nothing changes one."""

    name: str
    args: tuple[Value, ...]
    body: tuple[Instr, ...]
    results: tuple[Result, ...]
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def producers(self) -> dict[Value, Instr]:
        """Which instruction produces each value."""
        if "producers" not in self._cache:
            self._cache["producers"] = {r: i for i in self.body for r in i.results}
        return self._cache["producers"]  # type: ignore[no-any-return]

    def uses(self) -> dict[Value, list[Instr | None]]:
        """Which instructions read each value, once per reading; None stands for the return."""
        found: dict[Value, list[Instr | None]] = {}
        for instr in self.body:
            for operand in instr.operands:
                found.setdefault(operand, []).append(instr)
        for result in self.results:
            found.setdefault(result.value, []).append(None)
        return found

    def arg(self, name: str) -> Value:
        """The argument of that name."""
        for arg in self.args:
            if arg.name == name:
                return arg
        raise KeyError(
            f"no argument %{name}; there are {', '.join('%' + a.name for a in self.args)}"
        )

    def values(self) -> Iterator[Value]:
        """Every argument and every result of an instruction, in order."""
        yield from self.args
        for instr in self.body:
            yield from instr.results

    def __str__(self) -> str:
        return print_func(self)

    def _repr_html_(self) -> str:
        html: str = _html.ir_html(str(self))
        return html
