"""The rules every Func keeps: definitions before uses, and each type as the op's own rule gives it."""

from __future__ import annotations

from .errors import IRError, VerifyError
from .func import Func
from .op import infer
from .text.printer import print_func
from .values import Const, Instr, Value


def verify(func: Func) -> Func:
    """Return the Func if it is sound; otherwise raise a `VerifyError` that shows it and points at the place."""
    _check(func)
    return func


def _check(func: Func) -> None:
    defined: set[Value] = set()
    place: Instr | None = None
    try:
        for arg in func.args:
            _define(arg, defined)
        for place in func.body:
            _check_instr(place, defined)
            for result in place.results:
                _define(result, defined)
        place = None
        for value, into in func.results:
            _check_result(value, into, func, defined)
        _check_updates([into for _, into in func.results if into is not None])
    except VerifyError:
        raise
    except IRError as error:
        raise VerifyError(f"{error}\n\nin\n{print_func(func, marked=place)}") from None


def _check_result(value: Value, into: Value | None, func: Func, defined: set[Value]) -> None:
    _check_defined(value, defined, "the return")
    if into is not None and (into not in func.args or into.type is not value.type):
        raise IRError(f"{value!r} cannot be returned as {into!r}: not an argument of that type")


def _check_updates(updated: list[Value]) -> None:
    for number, arg in enumerate(updated):
        if arg in updated[:number]:
            raise IRError(f"{arg!r} is updated twice by the return")


def _define(value: Value, defined: set[Value]) -> None:
    if value in defined:
        raise IRError(f"{value!r} is defined twice")
    defined.add(value)


def _check_defined(value: Value, defined: set[Value], where: str) -> None:
    if value not in defined and not isinstance(value, Const):
        raise IRError(f"{value!r} is used by {where} before it is defined")


def _check_instr(instr: Instr, defined: set[Value]) -> None:
    for operand in instr.operands:
        _check_defined(operand, defined, instr.op.name)
    if instr.op.body is not None:
        _check(instr.op.body)
    found = infer(instr.op, tuple(o.type for o in instr.operands))
    stated = tuple(r.type for r in instr.results)
    if found != stated:
        names = ", ".join(f"%{r.name or '?'}" for r in instr.results)
        raise IRError(
            f"{names}: {instr.op.name} gives {', '.join(map(str, found))}, "
            f"but the binder says {', '.join(map(str, stated))}"
        )
