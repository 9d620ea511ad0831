"""IR text: what prints parses back to the same text, and what does not parse is explained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tapeout import ir
from tapeout.ir.passes import PASSES

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.tape"))


@pytest.fixture(params=PROGRAMS, ids=lambda p: p.stem)
def program(request: pytest.FixtureRequest) -> ir.Func:
    return ir.verify(ir.parse(request.param.read_text()))


def test_print_parse_print(program: ir.Func) -> None:
    text = str(program)
    assert str(ir.verify(ir.parse(text))) == text


def test_fused_bodies_print_parse_print(program: ir.Func, golden: Callable[..., None]) -> None:
    text = str(PASSES["fuse"](program))
    assert str(ir.verify(ir.parse(text))) == text
    golden(text, ext=".tape")


def test_names_are_made_unique_and_stay_so() -> None:
    b = ir.FuncBuilder("f")
    x = b.arg("x", ir.TensorType(ir.dtypes.float32, (2,)))
    y = b.emit(ir.OPS["exp"](), [x], name="x")
    z = b.emit(ir.OPS["exp"](), [y], name="x_1")
    w = b.emit(ir.OPS["exp"](), [z], name="7")
    text = str(b.finish([w]))
    assert [line.split(":")[0].strip() for line in text.splitlines()[1:4]] == [
        "%x_1",
        "%x_1_1",
        "%0",
    ]
    assert str(ir.parse(text)) == text


@pytest.mark.parametrize(
    "operand",
    [
        "2.0",
        "-0.0",
        "1e-30",
        "inf",
        "-inf",
        "nan",
        "0.1:f64",
        "3",
        "-3",
        "7:i32",
        "200:u8",
        "true",
        "false",
        "1.5:bf16",
    ],
)
def test_a_constant_operand_keeps_its_spelling(operand: str) -> None:
    constant = ir.parse(f"func f() {{\n  return {operand}\n}}\n")
    assert str(constant) == f"func f() {{\n  return {operand}\n}}\n"


@pytest.mark.parametrize(
    "attrs",
    ["data=[1.5,inf,-0.0,nan], shape=[4], dtype=f32", "data=[true,false], shape=[2,1], dtype=bool"],
)
def test_attributes_keep_their_spelling(attrs: str) -> None:
    kind, shape = ("f32", "4") if "f32" in attrs else ("bool", "2,1")
    text = f"func f() {{\n  %a: {kind}[{shape}] = literal({attrs})\n  return %a\n}}\n"
    assert str(ir.verify(ir.parse(text))) == text


def test_named_dimensions_and_locations_print_and_parse() -> None:
    text = (
        "func f(%x: f32[n,6], %w: f32[5,6]) {\n"
        '  %y: f32[n,5] = linear(%x, %w) loc("model.py":12)\n'
        "  return %y\n}\n"
    )
    func = ir.verify(ir.parse(text))
    assert ir.print_func(func, locs=True) == text
    assert "loc" not in str(func)


def test_a_long_signature_is_one_argument_a_line() -> None:
    args = ", ".join(f"%a{i}: f32[128,784]" for i in range(9))
    lines = str(ir.parse(f"func f({args}) {{ return %a0 }}")).splitlines()
    assert lines[1:3] == ["  %a0: f32[128,784],", "  %a1: f32[128,784],"]
    assert lines[-3:] == [") {", "  return %a0", "}"]


BAD = {
    "unknown op": ("  %y: f32[3] = rleu(%x)", "unknown op 'rleu'; did you mean relu"),
    "undefined": ("  %y: f32[3] = relu(%q)", "%q is not defined"),
    "defined twice": ("  %x: f32[3] = relu(%x)", "%x is already defined"),
    "unknown dtype": ("  %y: f33[3] = relu(%x)", "unknown dtype 'f33'"),
    "unknown attribute": (
        "  %y: f32[3] = relu(%x, dim=1)",
        "relu has no attribute 'dim'; it has none",
    ),
    "missing attribute": ("  %y: f32[] = sum(%x)", "sum needs the attribute 'dims'"),
    "negative dimension": ("  %y: f32[-3] = relu(%x)", "a dimension is a size or a name, not -3"),
    "character": ("  %y: f32[3] = relu(%x) ;", "unexpected character ';'"),
    "no equals": ("  %y: f32[3] relu(%x)", "expected '=', found 'relu'"),
    "op with a body": (
        "  %y: f32[3] = relu(%x) { yield %x }",
        "'relu' is an op of its own and cannot have a body",
    ),
    "constant dtype": ("  %y: f32[3] = mul(%x, 1.0:zz)", "unknown dtype 'zz'"),
    "long dtype": ("  %y: float32[3] = relu(%x)", "unknown dtype 'float32'; did you mean f32?"),
    "constant too large": ("  %y: u8[] = neg(300:u8)", "300 does not fit in u8"),
    "infinite integer": ("  %y: i64[] = neg(1e400:i64)", "1e400 does not fit in i64"),
    "endless number": ("  %y: f32[3] = mul(%x, " + "9" * 5000 + ")", "a number of 5000 digits"),
    "deep list": ("  %y: f32[] = sum(%x, dims=" + "[" * 5000, "nested more than 50 deep"),
    "attribute kind": (
        "  %y: f32[3] = cast(%x, dtype=0)",
        "the attribute dtype is declared as DType and cannot be 0",
    ),
    "attribute list": (
        "  %y: f32[] = sum(%x, dims=[mul])",
        "the attribute dims is declared as Dims and cannot be",
    ),
    "attribute dtype": (
        "  %y: f32[3] = cast(%x, dtype=float32)",
        "cannot be 'float32'; did you mean f32?",
    ),
    "attribute twice": (
        "  %y: f32[] = sum(%x, dims=[0], dims=[1])",
        "sum gets the attribute 'dims' twice",
    ),
    "attribute of a body": (
        "  %y: f32[3] = same(%x, foo=1) { yield %x }",
        "'same' has a body and cannot have attributes",
    ),
    "number for a bool": (
        "  %y: bool[] = logical_not(5:bool)",
        "5 is no bool, which is true or false",
    ),
    "half a line": ('  %y: f32[3] = relu(%x) loc("a":1.5)', "a line is a whole number, not 1.5"),
    "endless line": ('  %y: f32[3] = relu(%x) loc("a":inf)', "a line is a whole number, not inf"),
    "kinds as words": (
        "  %y: f32[3] = relu(%x) loc(string:number)",
        "expected string, found 'string'",
    ),
    "uses itself": ("  %y: f32[3] = relu(%y)", "%y is not defined"),
}


@pytest.mark.parametrize(("line", "message"), BAD.values(), ids=BAD)
def test_a_parse_error_points_at_the_place(line: str, message: str) -> None:
    with pytest.raises(ir.ParseError) as raised:
        ir.parse(f"func f(%x: f32[3]) {{\n{line}\n  return %x\n}}\n")
    first, shown, caret = str(raised.value).splitlines()
    assert message in first
    assert first.startswith("line 2, column ")
    assert shown == "  " + line
    column = int(first.split("column ")[1].split(":")[0])
    assert caret == "  " + " " * (column - 1) + "^"


def test_a_wrong_attribute_is_pointed_at() -> None:
    line = "  %y: f32[] = sum(%x, dims=[0], keep=true)"
    with pytest.raises(ir.ParseError) as raised:
        ir.parse(f"func f(%x: f32[3]) {{\n{line}\n  return %y\n}}\n")
    assert f"column {line.index('keep') + 1}: " in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["", "func", "func f(", "func f() {", "func f() { return } extra", "func f() { return } end"],
)
def test_an_unfinished_text_is_refused(text: str) -> None:
    with pytest.raises(ir.ParseError, match=r"expected .*, found"):
        ir.parse(text)


def test_a_body_may_yield_its_arguments() -> None:
    text = """func f(%x: f32[3]) {
  %y: f32[3] = same(%x) {
    yield %x
  }
  %z: f32[] = one(%y) {
    yield 1.0
  }
  return %y, %z
}
"""
    assert str(ir.verify(ir.parse(text))) == text


def test_a_long_name_without_arguments_prints() -> None:
    text = f"func {'a' * 120}() {{\n  return 1.0\n}}\n"
    assert str(ir.parse(text)) == text


def test_data_that_do_not_fit_are_refused() -> None:
    func = ir.parse(
        "func f() {\n  %a: u8[1] = literal(data=[300], shape=[1], dtype=u8)\n  return %a\n}"
    )
    with pytest.raises(ir.VerifyError, match="the data do not fit in u8"):
        ir.verify(func)


def test_one_argument_is_updated_once() -> None:
    with pytest.raises(ir.VerifyError, match="is updated twice"):
        ir.verify(ir.parse("func f(%x: f32[3]) {\n  return %x as %x, %x as %x\n}"))
