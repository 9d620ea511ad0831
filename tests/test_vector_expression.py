"""Expressions and bodies as vector code: parsing, numbers and their types, fused bodies, and what is refused."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from llvmlite import ir as ll

from tapeout import ir
from tapeout.backends.cpu.vector import Vector, emit_body, emit_instructions, emit_op
from tapeout.backends.cpu.vector.expression import Call, Number, Operand, parsed
from tapeout.ir.dtypes import float32, float64
from tapeout.ir.op import OPS, Op
from vector_kernels import compiled, kernel_module

BODY = """func body(%x: f32[9], %y: f32[9]) {
  %product: f32[9] = mul(%x, %y)
  %more: f32[9] = add(%product, 0.25)
  %positive: bool[9] = gt(%more, 0.0)
  %z: f32[9] = where(%positive, %more, 0.0)
  return %z, %product
}"""
ANCHORED = """func linear_relu(%x: f32[9,4], %w: f32[7,4], %b: f32[7]) {
  %h: f32[9,7] = linear(%x, %w, %b)
  %y: f32[9,7] = relu(%h)
  return %y
}"""


def test_an_expression_becomes_a_tree() -> None:
    x, y = Operand(0), Operand(1)
    assert parsed("({0} + {1} * 2)") == Call("+", (x, Call("*", (y, Number(2)))))
    assert parsed("where({1} <= -1.5, -{0}, {0})") == Call(
        "where", (Call("<=", (y, Number(-1.5))), Call("negative", (x,)), x)
    )
    assert parsed("({0} + {1} * 2)") is parsed("({0} + {1} * 2)")


class Spelled(Op):
    """An op with an expression of the test's."""

    name = "spelled"
    elementwise = True
    text: ClassVar[str]

    def expression(self) -> str:
        return self.text


def spelled(text: str) -> Op:
    return type("Spelled", (Spelled,), {"text": text})()


@pytest.mark.parametrize(
    "text, message",
    [
        ("gamma({0})", r"cannot translate 'gamma' in the scalar expression 'gamma\(\{0\}\)'; it knows .*tanh"),
        ("({0} ** 2)", r"cannot translate 'operand0 \*\* 2'"),
        ("{0}.real", "cannot translate 'operand0.real'"),
        ("1.5", "the number 1.5 stands alone"),
    ],
)  # fmt: skip
def test_an_expression_that_has_no_code_is_named(text: str, message: str) -> None:
    with pytest.raises(ir.IRError, match=message):
        kernel_module(lambda b, x: emit_op(b, spelled(text), x), [float32], float32, 4)


def test_a_number_takes_the_type_beside_it() -> None:
    module = kernel_module(
        lambda b, x: emit_op(b, spelled("where({0} > 0.1, {0} + 0.1, 7)"), x), [float64], float64, 8
    )
    x, out = np.array([0.1, 0.2, -3.0]), np.empty(3)
    compiled(module)(x, out)
    assert list(out) == [7.0, 0.2 + 0.1, 7.0]


def test_an_op_that_is_not_elementwise_is_refused() -> None:
    with pytest.raises(ir.IRError, match=r"linear is not elementwise.*emit_instructions"):
        kernel_module(lambda b, x: emit_op(b, OPS["linear"](), x), [float32], float32, 4)


@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("which", [0, 1])
def test_a_body_means_what_the_interpreter_says(which: int, lanes: int) -> None:
    func = ir.parse(BODY)
    module = kernel_module(
        lambda b, operands: emit_body(b, func, operands)[which], [float32] * 2, float32, lanes
    )
    rng = np.random.default_rng(0)
    x, y, out = rng.normal(size=(3, 9)).astype(np.float32)
    compiled(module)(x, y, out)
    np.testing.assert_array_equal(out, ir.run(func, x, y)[which])


def test_a_body_can_start_from_values_that_the_caller_computed() -> None:
    func = ir.parse(ANCHORED)
    accumulator = func.body[0].result
    module = kernel_module(
        lambda b, operands: emit_instructions(b, func, {accumulator: operands[0]})[0],
        [float32], float32, 16,
    )  # fmt: skip
    h, out = np.linspace(-2, 3, 63, dtype=np.float32), np.empty(63, np.float32)
    compiled(module)(h, out)
    np.testing.assert_array_equal(out, np.maximum(h, 0))


def test_operands_of_one_lane_meet_vectors() -> None:
    def emit(builder: Any, operands: list[Vector]) -> Vector:
        x = operands[0]
        first = Vector(builder.extract_element(x.value, ll.IntType(32)(0)), x.dtype, 1)
        return emit_op(builder, OPS["sub"](), [x, first])

    module = kernel_module(emit, [float32], float32, 4)
    x, out = np.array([3, 5, 9, 2], np.float32), np.empty(4, np.float32)
    compiled(module)(x, out)
    assert list(out) == [0, 2, 6, -1]
