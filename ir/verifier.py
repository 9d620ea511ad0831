"""The rules every Func keeps: definitions before uses, and each type as the op's own rule gives it."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import IRError, VerifyError
from .func import Func
from .op import infer
from .text.printer import print_func, printed_names
from .values import Const, Instr, Value

Names = Mapping[Value, str]


def verify(func: Func, names: Names | None = None) -> Func:
    """Return the Func if it is sound; otherwise raise a `VerifyError` that shows it and points at the place.

    `names` are what its values are called where it was read, `%` and all; otherwise they are as it prints.
    """
    _Check(func, names).all(func)
    return func


class _Check:
    def __init__(self, whole: Func, names: Names | None) -> None:
        self.whole = whole
        self.names = names

    def all(self, func: Func) -> None:
        """The rules for a Func, which is the whole or a fused body in it."""
        defined: set[Value] = set()
        place: Instr | None = None
        try:
            for arg in func.args:
                self.define(arg, defined)
            for place in func.body:
                self.instr(place, defined)
                for result in place.results:
                    self.define(result, defined)
            place = None
            for value, into in func.results:
                self.result(value, into, func, defined)
            self.updates([into for _, into in func.results if into is not None])
        except VerifyError:
            raise
        except IRError as error:
            raise self.failed(str(error), place) from None

    def failed(self, reason: str, place: Instr | None) -> VerifyError:
        error = VerifyError(f"{reason}\n\nin\n{print_func(self.whole, marked=place)}")
        error.reason, error.instr = reason, place
        return error

    # ---- the rules

    def define(self, value: Value, defined: set[Value]) -> None:
        if value in defined:
            raise IRError(f"{self.shown(value)} is defined twice")
        defined.add(value)

    def defined(self, value: Value, defined: set[Value], where: str) -> None:
        if value not in defined and not isinstance(value, Const):
            raise IRError(f"{self.shown(value)} is used by {where} before it is defined")

    def instr(self, instr: Instr, defined: set[Value]) -> None:
        for operand in instr.operands:
            self.defined(operand, defined, instr.op.name)
        if instr.op.body is not None:
            self.all(instr.op.body)
        found = infer(instr.op, tuple(o.type for o in instr.operands))
        stated = tuple(r.type for r in instr.results)
        if found != stated:
            raise IRError(
                f"{', '.join(map(self.name, instr.results))}: {instr.op.name} gives {', '.join(map(str, found))}, "
                f"but the binder says {', '.join(map(str, stated))}"
            )

    def result(self, value: Value, into: Value | None, func: Func, defined: set[Value]) -> None:
        self.defined(value, defined, "the return")
        if into is not None and (into not in func.args or into.type is not value.type):
            raise IRError(
                f"{self.shown(value)} cannot be returned as {self.shown(into)}: not an argument of that type"
            )

    def updates(self, updated: list[Value]) -> None:
        for number, arg in enumerate(updated):
            if arg in updated[:number]:
                raise IRError(f"{self.shown(arg)} is updated twice by the return")

    # ---- telling

    def name(self, value: Value) -> str:
        if self.names is None:
            self.names = printed_names(self.whole)
        return self.names.get(value) or f"%{value.name or '?'}"

    def shown(self, value: Value) -> str:
        return repr(value) if isinstance(value, Const) else f"{self.name(value)}: {value.type}"
