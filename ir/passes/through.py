"""A Func with the views that keep elements in order looked through."""

from __future__ import annotations

from ..func import Func
from ..values import Instr, Value


class Through:
    """Who makes a value and who reads it, where a view counts as its operand."""

    def __init__(self, func: Func) -> None:
        self.made = func.producers()
        self.uses = func.uses()
        self._readers: dict[Value, list[Instr | None]] = {}

    def root(self, value: Value) -> Value:
        """The value that a value is a view of, or itself."""
        path = self.path(value)
        return path[0].operands[0] if path else value

    def path(self, value: Value) -> list[Instr]:
        """The views that lead to a value, the first one first."""
        found: list[Instr] = []
        while (maker := self.made.get(value)) is not None and maker.op.in_order:
            found.append(maker)
            value = maker.operands[0]
        return found[::-1]

    def readers(self, value: Value) -> list[Instr | None]:
        """What reads a value, also through views; None stands for the return."""
        if value not in self._readers:
            self._readers[value] = [
                reader
                for user in self.uses.get(value, ())
                for reader in (
                    self.readers(user.result) if user is not None and user.op.in_order else [user]
                )
            ]
        return self._readers[value]
