"""Elementwise ops as LLVM code: the op's scalar expression, parsed once, emitted on vectors of any number of lanes.

`emit_op` is one op, `emit_body` a fused body, `emit_instructions` a body some of whose values the caller computed
itself (a matrix product's accumulator, say). Each op's result is rounded to its type, as the reference does it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ....ir import Const, Func, IRError, Op, Value
from ....ir.dtypes import Scalar
from .convert import rounded
from .functions import FUNCTIONS
from .kinds import Vector, constant, splat

OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.USub: "negative", ast.Invert: "invert",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
MOST_OPERANDS = 16


@dataclass(frozen=True)
class Operand:
    """An operand of the op, by its position."""

    position: int


@dataclass(frozen=True)
class Number:
    """A number written in the expression. It takes the type of what it is combined with."""

    number: Scalar


@dataclass(frozen=True)
class Call:
    """A function or an operator, by its name in `FUNCTIONS`."""

    name: str
    arguments: tuple[Tree, ...]


Tree = Operand | Number | Call


def emit_op(builder: Any, op: Op, operands: Sequence[Vector]) -> Vector:
    """An elementwise op. Operands of one lane are splat to the lanes of the others."""
    if not op.elementwise:
        raise IRError(
            f"{op.name} is not elementwise, so it has no code on vectors; compute its result and pass it to "
            "emit_instructions"
        )
    lanes = max((o.lanes for o in operands), default=1)
    ready = [splat(builder, o, lanes) for o in operands]
    return rounded(builder, _emit(builder, parsed(op.expression()), ready))  # type: ignore[attr-defined]


def emit_body(builder: Any, body: Func, operands: Sequence[Vector]) -> list[Vector]:
    """A fused body of elementwise ops, from its arguments."""
    return emit_instructions(builder, body, dict(zip(body.args, operands, strict=True)))


def emit_instructions(builder: Any, body: Func, known: Mapping[Value, Vector]) -> list[Vector]:
    """A body's results, from the values that are known already: arguments, or results of any of its instructions."""
    found = dict(known)

    def read(value: Value, lanes: int) -> Vector:
        if isinstance(value, Const):
            return constant(value.type.dtype, value.number, lanes)
        return found[value]

    for instr in body.body:
        if instr.results[0] not in found:
            lanes = max((found[o].lanes for o in instr.operands if o in found), default=1)
            operands = [read(o, lanes) for o in instr.operands]
            found[instr.result] = emit_op(builder, instr.op, operands)
    return [read(r.value, 1) for r in body.results]


@cache
def parsed(expression: str) -> Tree:
    """An expression's tree."""
    source = expression.format(*(f"operand{i}" for i in range(MOST_OPERANDS)))
    return _tree(ast.parse(source, mode="eval").body, expression)


def _tree(node: ast.expr, expression: str) -> Tree:
    match node:
        case ast.Name(id=name) if name.removeprefix("operand").isdigit():
            return Operand(int(name.removeprefix("operand")))
        case ast.Constant(value=bool() | int() | float() as number):
            return Number(number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return Number(operator.neg(number))
        case ast.UnaryOp(op=op, operand=operand):
            return _call(OPERATORS.get(type(op), ast.unparse(node)), [operand], expression)
        case ast.BinOp(left=left, op=op, right=right):
            return _call(OPERATORS.get(type(op), ast.unparse(node)), [left, right], expression)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _call(OPERATORS.get(type(op), ast.unparse(node)), [left, right], expression)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, arguments, expression)
    raise _unknown(ast.unparse(node), expression)


def _call(name: str, arguments: Sequence[ast.expr], expression: str) -> Call:
    if name not in FUNCTIONS:
        raise _unknown(name, expression)
    return Call(name, tuple(_tree(a, expression) for a in arguments))


def _unknown(what: str, expression: str) -> IRError:
    return IRError(
        f"the CPU backend cannot translate {what!r} in the scalar expression {expression!r}; "
        f"it knows the functions {', '.join(sorted(n for n in FUNCTIONS if n.isidentifier()))}"
    )


def _emit(builder: Any, tree: Tree, operands: Sequence[Vector]) -> Vector:
    match tree:
        case Operand(position):
            return operands[position]
        case Number(number):
            raise IRError(
                f"the number {number} stands alone in a scalar expression: it has no type"
            )
        case Call(name, arguments):
            made = [
                None if isinstance(a, Number) else _emit(builder, a, operands) for a in arguments
            ]
            like = _type_of_numbers(made)
            ready = [
                constant(like.dtype, a.number, like.lanes) if isinstance(a, Number) else m
                for a, m in zip(arguments, made, strict=True)
            ]
            return FUNCTIONS[name](builder, *ready)


def _type_of_numbers(arguments: Sequence[Vector | None]) -> Vector:
    """The vector whose type a number beside it takes: the last one, since a condition comes first."""
    return [a for a in arguments if a is not None][-1]
