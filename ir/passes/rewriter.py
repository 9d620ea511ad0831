"""What passes that replace values share: rebuild a Func front to back, reading operands through a substitution."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from ..builder import FuncBuilder
from ..func import Func
from ..op import Op
from ..text.printer import attr_text
from ..values import Const, Instr, Value


class Rewriter:
    """The Func being rebuilt: a builder, what has become of each old value, and who produced each new one."""

    def __init__(self, func: Func) -> None:
        self.func = func
        self.builder = FuncBuilder(func.name, func.args)
        self.became: dict[Value, Value] = {}
        self._producers: dict[Value, Instr] = {}
        self._seen = 0

    def producer(self, value: Value) -> Instr | None:
        """The new instruction that produces a new value."""
        for instr in self.builder.body[self._seen :]:
            self._producers.update(dict.fromkeys(instr.results, instr))
        self._seen = len(self.builder.body)
        return self._producers.get(value)

    def current(self, value: Value) -> Value:
        return self.became.get(value, value)

    def operands(self, instr: Instr) -> tuple[Value, ...]:
        return tuple(map(self.current, instr.operands))

    def keep(self, instr: Instr) -> None:
        """Append the instruction itself, on its current operands."""
        operands = self.operands(instr)
        same = all(a is b for a, b in zip(operands, instr.operands, strict=True))
        self.builder.append(instr if same else replace(instr, operands=operands))

    def finish(self) -> Func:
        return self.builder.finish(
            r._replace(value=self.current(r.value)) for r in self.func.results
        )


def operand_key(value: Value) -> Hashable:
    """Equal for operands that are surely the same number or tensor."""
    return value.key if isinstance(value, Const) else id(value)


def computation_key(op: Op, operands: tuple[Value, ...]) -> Hashable:
    """Equal for computations that surely give the same result."""
    keys = [operand_key(o) for o in operands]
    own: Hashable = (
        id(op) if op.body else (type(op), *map(attr_text, op.attrs().values()), *op.attrs())
    )
    return (own, tuple(sorted(keys, key=repr) if op.commutative else keys))
