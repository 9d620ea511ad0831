"""The verifier refuses each kind of unsound Func, and shows it."""

from __future__ import annotations

import pytest

from tapeout import ir

F3 = ir.TensorType(ir.dtypes.float32, (3,))
RELU = ir.OPS["relu"]()


def test_a_wrong_binder_type_is_reported_with_both_types() -> None:
    func = ir.parse("func f(%x: f32[2,3]) {\n  %y: f32[2,4] = relu(%x)\n  return %y\n}")
    with pytest.raises(ir.VerifyError) as raised:
        ir.verify(func)
    assert str(raised.value).startswith("%y: relu gives f32[2,3], but the binder says f32[2,4]")
    assert "  %y: f32[2,4] = relu(%x)  // <-- here\n" in str(raised.value)
    assert str(raised.value).replace("  // <-- here", "").endswith(str(func))


def test_an_op_error_is_reported_with_the_func() -> None:
    func = ir.parse(
        "func f(%x: f32[2,3], %y: f32[4]) {\n  %z: f32[2,3] = add(%x, %y)\n  return %z\n}"
    )
    with pytest.raises(ir.VerifyError, match="sizes 3 and 4 differ and neither is 1"):
        ir.verify(func)


def unsound() -> dict[str, tuple[ir.Func, str]]:
    x, y, z = (
        ir.Value(F3, "x"),
        ir.Value(F3, "y"),
        ir.Value(ir.TensorType(ir.dtypes.float32, (4,)), "z"),
    )
    late = (ir.Instr(RELU, (y,), (ir.Value(F3, "w"),)), ir.Instr(RELU, (x,), (y,)))
    twice = (ir.Instr(RELU, (x,), (y,)), ir.Instr(RELU, (x,), (y,)))
    return {
        "late": (ir.Func("f", (x,), late, (ir.Result(y),)), "is used by relu before it is defined"),
        "twice": (ir.Func("f", (x,), twice, (ir.Result(y),)), "is defined twice"),
        "result": (
            ir.Func("f", (x,), (), (ir.Result(y),)),
            "is used by the return before it is defined",
        ),
        "into": (ir.Func("f", (x, z), (), (ir.Result(x, z),)), "cannot be returned as"),
        "no argument": (ir.Func("f", (x,), (), (ir.Result(x, y),)), "cannot be returned as"),
    }


@pytest.mark.parametrize("name", unsound())
def test_an_unsound_func_is_refused(name: str) -> None:
    func, message = unsound()[name]
    with pytest.raises(ir.VerifyError, match=message):
        ir.verify(func)


def test_values_without_names_are_called_as_they_print() -> None:
    func = ir.parse("func f(%7: f32[2,3]) {\n  %9: f32[2,4] = relu(%7)\n  return %9\n}")
    with pytest.raises(ir.VerifyError, match=r"^%1: relu gives") as raised:
        ir.verify(func)
    assert "  %1: f32[2,4] = relu(%0)  // <-- here\n" in str(raised.value)


def test_a_fused_body_is_checked_too() -> None:
    text = """func f(%x: f32[2,3]) {
  %y: f32[2,3] = relu_exp(%x) {
    %a: f32[2,4] = relu(%x)
    yield exp(%a)
  }
  return %y
}
"""
    with pytest.raises(ir.VerifyError, match="relu gives"):
        ir.verify(ir.parse(text))
