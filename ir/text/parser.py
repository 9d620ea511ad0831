"""Text -> Func, by recursive descent; every mistake is shown with its line and a caret.

`parse(text)` reads types and does not check them; `read(text)` verifies, too, and points at the place in the text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..dtypes import ALL, DType, Scalar, bool_, by_name, float32, int64, is_name
from ..errors import IRError, VerifyError
from ..func import Func
from ..fused import Fused
from ..op import OPS, Op, did_you_mean, infer, make, misfit
from ..types import Dim, TensorType
from ..values import Const, Instr, Loc, Result, Value
from ..verifier import verify
from .cursor import Cursor
from .lexer import Token, error

WORDS: dict[str, Any] = {
    "true": True, "false": False, "none": None, "inf": float("inf"), "nan": float("nan")
}  # fmt: skip
Scope = dict[str, Value]
LONGEST_NUMBER = 400


class Call(NamedTuple):
    """`name(operands, attribute=value)`, not yet resolved; the attributes with the places of their names."""

    name: Token
    operands: list[Value]
    attrs: dict[str, Any]
    keys: dict[str, Token]


def parse(text: str) -> Func:
    """The Func that a text describes. Types are read, not checked: `verify` checks them."""
    return _Parser(text).whole()


def read(text: str) -> Func:
    """The Func that a text describes, verified; what is wrong is shown where it stands in the text."""
    parser = _Parser(text)
    func = parser.whole()
    try:
        return verify(func, {value: f"%{name}" for value, name in parser.names.items()})
    except VerifyError as problem:
        at = parser.places.get(problem.instr, parser.places[None])
        raise error(text, at, problem.reason) from None


class _Parser(Cursor):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.names: dict[Value, str] = {}
        self.places: dict[object, int] = {}
        """Where each instruction begins; under None, the return."""

    def whole(self) -> Func:
        func = self.func()
        self.take("end")
        return func

    # ---- types, names and numbers

    def type(self) -> TensorType:
        dtype = self.dtype()
        self.expect("[")
        return TensorType(dtype, tuple(self.listed("]", self.dim)))

    def dtype(self) -> DType:
        token = self.take("word")
        if is_name(token.text):
            return by_name(token.text)
        raise self.fail(f"unknown dtype '{token.text}'{_near_dtype(token.text)}", token)

    def dim(self) -> Dim:
        token = self.take("number", "word")
        if token.kind == "word":
            return token.text
        return self.whole_number(token, "a dimension is a size or a name")

    def whole_number(self, token: Token, wanted: str) -> int:
        if not token.text.isdigit() or len(token.text) > LONGEST_NUMBER:
            raise self.fail(f"{wanted}, not {token.text[:40]}", token)
        return int(token.text)

    def number(self) -> Scalar:
        token = self.take("number")
        if len(token.text) > LONGEST_NUMBER:
            raise self.fail(f"a number of {len(token.text)} digits", token)
        return int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)

    def binder(self, scope: Scope, fresh: Scope) -> Value:
        """A new name, which goes into `fresh`."""
        token = self.take("value")
        name = token.text[1:]
        if name in scope or name in fresh:
            raise self.fail(f"%{name} is already defined", token)
        self.expect(":")
        fresh[name] = made = Value(self.type(), "" if name.isdigit() else name)
        self.names[made] = name
        return made

    def value(self, scope: Scope) -> Value:
        token = self.take("value")
        if token.text[1:] not in scope:
            near = did_you_mean(token.text[1:], scope)
            raise self.fail(f"{token.text} is not defined{near}", token)
        return scope[token.text[1:]]

    def operand(self, scope: Scope) -> Value:
        if self.token.kind == "value":
            return self.value(scope)
        token = self.token
        number = WORDS[self.expect("true", "false").text] if token.kind == "word" else self.number()
        dtype = self.const_dtype(number)
        if dtype is bool_ and not isinstance(number, bool):
            raise self.fail(f"{token.text} is no bool, which is true or false", token)
        try:
            return Const(number, dtype)
        except (OverflowError, ValueError):
            raise self.fail(f"{token.text} does not fit in {dtype.name}", token) from None

    def const_dtype(self, number: Scalar) -> DType:
        if self.skip(":"):
            return self.dtype()
        if isinstance(number, bool):
            return bool_
        return int64 if isinstance(number, int) else float32

    def attr(self) -> Any:
        if self.sees("["):
            with self.deeper():
                self.expect("[")
                return tuple(self.listed("]", self.attr))
        if self.token.kind == "number":
            return self.number()
        word = self.take("word").text
        if word in WORDS:
            return WORDS[word]
        return by_name(word) if is_name(word) else word

    # ---- instructions

    def call(self, scope: Scope) -> Call:
        call = Call(self.take("word"), [], {}, {})

        def item() -> None:
            if self.token.kind == "word" and self.tokens[self.position + 1].text == "=":
                self.attribute(call)
            else:
                call.operands.append(self.operand(scope))

        self.expect("(")
        self.listed(")", item)
        return call

    def attribute(self, call: Call) -> None:
        key = self.take("word")
        if key.text in call.keys:
            raise self.fail(f"{call.name.text} gets the attribute '{key.text}' twice", key)
        self.expect("=")
        call.keys[key.text] = key
        call.attrs[key.text] = self.attr()

    def op(self, call: Call) -> Op:
        if call.name.text in OPS:
            for key, value in call.attrs.items():
                problem = _misfit(OPS[call.name.text], key, value)
                if problem:
                    raise self.fail(problem, call.keys[key])
        try:
            return make(call.name.text, call.attrs)
        except IRError as problem:
            raise self.fail(str(problem), call.name) from None

    def instr(self, scope: Scope) -> Instr:
        """The results come first in the text, but are in scope only after the instruction."""
        fresh, at = Scope(), self.token.at
        results = [self.binder(scope, fresh)]
        while self.skip(","):
            results.append(self.binder(scope, fresh))
        self.expect("=")
        call = self.call(scope)
        loc = self.loc()
        if self.sees("{"):
            with self.deeper():
                op: Op = self.fused(call)
        else:
            op = self.op(call)
        scope.update(fresh)
        made = Instr(op, tuple(call.operands), tuple(results), loc)
        self.places[made] = at
        return made

    def loc(self) -> Loc | None:
        if not self.skip("loc"):
            return None
        self.expect("(")
        file = self.take("string").text.strip('"')
        self.expect(":")
        line = self.whole_number(self.take("number"), "a line is a whole number")
        self.expect(")")
        return Loc(file, line)

    def fused(self, call: Call) -> Fused:
        """The braces after a call: a body in which the operands' names stand for its arguments."""
        name, operands = call.name, call.operands
        for key in call.keys.values():
            raise self.fail(f"'{name.text}' has a body and cannot have attributes", key)
        if name.text in OPS:
            raise self.fail(f"'{name.text}' is an op of its own and cannot have a body", name)
        args = [Value(o.type, o.name) for o in operands]
        scope: Scope = {
            self.names[o]: a for o, a in zip(operands, args, strict=True) if o in self.names
        }
        self.names.update({a: n for n, a in scope.items()})
        self.expect("{")
        body: list[Instr] = []
        while not self.skip("yield"):
            body.append(self.instr(scope))
        results = self.yielded(scope, body)
        return Fused(Func(name.text, tuple(args), tuple(body), tuple(map(Result, results))))

    def yielded(self, scope: Scope, body: list[Instr]) -> list[Value]:
        if self.token.kind != "word":
            return self.listed("}", lambda: self.operand(scope))
        call = self.call(scope)
        op = self.op(call)
        try:
            types = infer(op, tuple(o.type for o in call.operands))
        except IRError as problem:
            raise self.fail(str(problem), call.name) from None
        body.append(Instr(op, tuple(call.operands), tuple(map(Value, types))))
        self.expect("}")
        return list(body[-1].results)

    def func(self) -> Func:
        self.expect("func")
        name, scope, body = self.take("word").text, Scope(), list[Instr]()
        self.expect("(")
        args = self.listed(")", lambda: self.binder(scope, scope))
        self.expect("{")
        while not self.sees("return"):
            body.append(self.instr(scope))
        self.places[None] = self.expect("return").at
        results = self.listed("}", lambda: self.result(scope))
        return Func(name, tuple(args), tuple(body), tuple(results))

    def result(self, scope: Scope) -> Result:
        value = self.operand(scope)
        return Result(value, self.value(scope) if self.skip("as") else None)


def _misfit(cls: type[Op], key: str, value: Any) -> str:
    """What is wrong with an attribute, with the names that somebody may have meant."""
    if key not in cls.attributes:
        near = did_you_mean(key, cls.attributes) or "; it has none"
        return f"{cls.name} has no attribute '{key}'{near}"
    is_name = cls.attributes[key].type == "DType" and isinstance(value, str)
    problem = misfit(cls, key, value)
    return problem + _near_dtype(value) if problem and is_name else problem


def _near_dtype(name: str) -> str:
    """The dtype that somebody may have meant."""
    known = {d.long_name: d.name for d in ALL}.get(name)
    return f"; did you mean {known}?" if known else did_you_mean(name, (d.name for d in ALL))
