"""Text -> Func, by recursive descent; every mistake is shown with its line and a caret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..dtypes import ALL, DType, Scalar, bool_, by_name, float32, int64, is_name
from ..errors import IRError
from ..func import Func
from ..fused import Fused
from ..op import OPS, Op, checked, did_you_mean, infer, make
from ..types import Dim, TensorType
from ..values import Const, Instr, Loc, Result, Value
from .lexer import Token, error, tokens

WORDS: dict[str, Any] = {
    "true": True, "false": False, "none": None, "inf": float("inf"), "nan": float("nan")
}  # fmt: skip
Item = TypeVar("Item")
Scope = dict[str, Value]
LONGEST_NUMBER = 400
DEEPEST = 50
Call = tuple[Token, list[Value], dict[str, Any]]


def parse(text: str) -> Func:
    """The Func that a text describes. Types are read, not checked: `verify` checks them."""
    parser = _Parser(text)
    func = parser.func()
    parser.take("end")
    return func


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0
        self.depth = 0
        self.names: dict[Value, str] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def fail(self, message: str, token: Token | None = None) -> Exception:
        return error(self.text, (token or self.token).at, message)

    def sees(self, text: str) -> bool:
        return self.token.text == text and self.token.kind != "string"

    def take(self, *wanted: str) -> Token:
        """The next token, which must be of one of these kinds or spell one of these texts."""
        token = self.token
        if token.kind not in wanted and token.text not in wanted:
            listed = " or ".join(w if w.isalpha() else f"'{w}'" for w in wanted)
            raise self.fail(f"expected {listed}, found '{token.text}'")
        self.position += 1
        return token

    def skip(self, text: str) -> bool:
        if not self.sees(text):
            return False
        self.position += 1
        return True

    def listed(self, close: str, item: Callable[[], Item]) -> list[Item]:
        found: list[Item] = []
        while not self.sees(close):
            found.append(item())
            if not self.skip(","):
                break
        self.take(close)
        return found

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Around what may contain itself."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"nested more than {DEEPEST} deep")
        yield
        self.depth -= 1

    # ---- types, names and numbers

    def type(self) -> TensorType:
        dtype = self.dtype()
        self.take("[")
        return TensorType(dtype, tuple(self.listed("]", self.dim)))

    def dtype(self) -> DType:
        token = self.take("word")
        if is_name(token.text):
            return by_name(token.text)
        known = {d.long_name: d.name for d in ALL}.get(token.text)
        hint = (
            f"; did you mean {known}?" if known else f"; there are {', '.join(d.name for d in ALL)}"
        )
        raise self.fail(f"unknown dtype '{token.text}'{hint}", token)

    def dim(self) -> Dim:
        token = self.take("number", "word")
        if token.kind == "word":
            return token.text
        if not token.text.isdigit() or len(token.text) > LONGEST_NUMBER:
            raise self.fail(f"a dimension is a size or a name, not {token.text[:40]}", token)
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
        self.take(":")
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
        number = WORDS[self.take("true", "false").text] if token.kind == "word" else self.number()
        dtype = self.const_dtype(number)
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
                self.take("[")
                return tuple(self.listed("]", self.attr))
        if self.token.kind == "number":
            return self.number()
        word = self.take("word").text
        if word in WORDS:
            return WORDS[word]
        return by_name(word) if is_name(word) else word

    # ---- instructions

    def call(self, scope: Scope) -> Call:
        """`name(operands, attribute=value)`, not yet resolved."""
        name, operands, attrs = self.take("word"), list[Value](), dict[str, Any]()

        def item() -> None:
            if self.token.kind == "word" and self.tokens[self.position + 1].text == "=":
                key = self.take("word").text
                self.take("=")
                attrs[key] = self.attr()
            else:
                operands.append(self.operand(scope))

        self.take("(")
        self.listed(")", item)
        return name, operands, attrs

    def op(self, name: Token, attrs: dict[str, Any]) -> Op:
        try:
            return checked(make(name.text, attrs))
        except IRError as problem:
            raise self.fail(str(problem), name) from None

    def instr(self, scope: Scope) -> Instr:
        """The results come first in the text, but are in scope only after the instruction."""
        fresh = Scope()
        results = [self.binder(scope, fresh)]
        while self.skip(","):
            results.append(self.binder(scope, fresh))
        self.take("=")
        name, operands, attrs = self.call(scope)
        loc = self.loc()
        if self.sees("{"):
            with self.deeper():
                op: Op = self.fused(name, operands)
        else:
            op = self.op(name, attrs)
        scope.update(fresh)
        return Instr(op, tuple(operands), tuple(results), loc)

    def loc(self) -> Loc | None:
        if not self.skip("loc"):
            return None
        self.take("(")
        file = self.take("string").text.strip('"')
        self.take(":")
        line = int(self.take("number").text)
        self.take(")")
        return Loc(file, line)

    def fused(self, name: Token, operands: list[Value]) -> Fused:
        """The braces after a call: a body in which the operands' names stand for its arguments."""
        if name.text in OPS:
            raise self.fail(f"'{name.text}' is an op of its own and cannot have a body", name)
        args = [Value(o.type, o.name) for o in operands]
        scope: Scope = {
            self.names[o]: a for o, a in zip(operands, args, strict=True) if o in self.names
        }
        self.names.update({a: n for n, a in scope.items()})
        self.take("{")
        body: list[Instr] = []
        while not self.skip("yield"):
            body.append(self.instr(scope))
        results = self.yielded(scope, body)
        return Fused(Func(name.text, tuple(args), tuple(body), tuple(map(Result, results))))

    def yielded(self, scope: Scope, body: list[Instr]) -> list[Value]:
        if self.token.kind != "word":
            return self.listed("}", lambda: self.operand(scope))
        name, operands, attrs = self.call(scope)
        op = self.op(name, attrs)
        try:
            types = infer(op, tuple(o.type for o in operands))
        except IRError as problem:
            raise self.fail(str(problem), name) from None
        body.append(Instr(op, tuple(operands), tuple(map(Value, types))))
        self.take("}")
        return list(body[-1].results)

    def func(self) -> Func:
        self.take("func")
        name, scope, body = self.take("word").text, Scope(), list[Instr]()
        self.take("(")
        args = self.listed(")", lambda: self.binder(scope, scope))
        self.take("{")
        while not self.skip("return"):
            body.append(self.instr(scope))
        results = self.listed("}", lambda: self.result(scope))
        return Func(name, tuple(args), tuple(body), tuple(results))

    def result(self, scope: Scope) -> Result:
        value = self.operand(scope)
        return Result(value, self.value(scope) if self.skip("as") else None)
