"""What differs between two programs: paired by what they compute, whatever their values are called."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tapeout import ir
from tapeout.inspection.diff import diff
from tapeout.ir.passes import PASSES

MLP = (Path(__file__).parent / "programs" / "mlp.tape").read_text()


def changes(first: ir.Func, second: ir.Func) -> list[str]:
    return [line for line in diff(first, second) if line[0] in "-+"]


def test_a_program_is_no_different_from_itself_under_other_names() -> None:
    other = re.sub(r"%(fc\d\.)?", r"%\1other_", MLP)
    assert diff(ir.parse(MLP), ir.parse(other)) == []


@pytest.mark.parametrize("names", ["%a, %x", "%y, %x", "%0, %1"])
def test_a_name_may_come_back_at_another_place(names: str) -> None:
    text = "func f({}: f32[3], {}: f32[3]) {{\n  %d: f32[3] = sub({}, {})\n  return %d\n}}"
    a, b = names.split(", ")
    assert diff(ir.parse(text.format(*("%x", "%y") * 2)), ir.parse(text.format(a, b, a, b))) == []


def test_names_of_state_count_where_order_does_not() -> None:
    text = "func f({}) {{\n  %y: f32[3] = sub(%a, %b)\n  return %y\n}}"
    first, second = "%a: f32[3], %b: f32[3]", "%b: f32[3], %a: f32[3]"
    found = changes(ir.parse(text.format(first)), ir.parse(text.format(second)))
    assert found == [f"-func f({first}) {{", f"+func f({second}) {{"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("relu(%a)", "tanh(%a)", ["-  %h: f32[4,5] = relu(%a)", "+  %h: f32[4,5] = tanh(%a)"]),
        (
            "mean(%l",
            "sum(%l",
            ["-  %loss: f32[] = mean(%l, dims=[0])", "+  %loss: f32[] = sum(%l, dims=[0])"],
        ),
        ("return %loss", "return %l", ["-  return %loss", "+  return %l"]),
        ("  %h: ", "  %n: f32[4,5] = neg(%a)\n  %h: ", ["+  %n: f32[4,5] = neg(%a)"]),
    ],
    ids=["op", "reduction", "result", "one more"],
)
def test_one_change_is_one_difference(old: str, new: str, found: list[str]) -> None:
    renamed = MLP.replace(old, new).replace("%z", "%logits").replace("%a", "%first")
    assert changes(ir.parse(MLP), ir.parse(renamed)) == found


def test_values_that_have_no_counterpart_get_names_of_their_own() -> None:
    text = MLP.replace(
        "%h: f32[4,5] = relu(%a)", "%z: f32[4,5] = neg(%a)\n  %h: f32[4,5] = relu(%z)"
    )
    other = text.replace("%z: f32[4,3] = linear(%h", "%q: f32[4,3] = linear(%h").replace(
        "cross_entropy(%z", "cross_entropy(%q"
    )
    assert changes(ir.parse(MLP), ir.parse(other)) == [
        "-  %h: f32[4,5] = relu(%a)",
        "+  %z_1: f32[4,5] = neg(%a)",
        "+  %h: f32[4,5] = relu(%z_1)",
    ]


def test_differences_inside_fused_bodies_show() -> None:
    first, second = (PASSES["fuse"](ir.parse(t)) for t in (MLP, MLP.replace("relu", "tanh")))
    assert changes(first, second) == [
        "-  %h: f32[4,5] = linear_relu(%x, %fc1.weight, %fc1.bias) {",
        "+  %h: f32[4,5] = linear_tanh(%x, %fc1.weight, %fc1.bias) {",
        "-    yield relu(%a)",
        "+    yield tanh(%a)",
    ]


def test_lines_around_a_difference_are_shown_as_many_as_asked_for() -> None:
    first, second = ir.parse(MLP), ir.parse(MLP.replace("relu", "tanh"))
    assert [len(diff(first, second, context)) for context in (0, 1, 2)] == [3, 5, 7]


def test_a_change_early_in_a_long_program_is_found_soon() -> None:
    ops = ("tanh({})", "mul({}, %x)", "exp({})", "add({}, 0.25)")
    lines = [
        f"  %v{i}: f32[3] = {ops[i * i % 7 % 4].format(f'%v{i - 1}')}" for i in range(1, 10_001)
    ]
    text = "\n".join(
        ["func f(%x: f32[3]) {", "  %v0: f32[3] = neg(%x)", *lines, "  return %v10000", "}"]
    )
    start = time.perf_counter()
    found = changes(
        ir.parse(text), ir.parse(text.replace("neg(%x)", "sin(%x)").replace("%v", "%w"))
    )
    assert found == ["-  %v0: f32[3] = neg(%x)", "+  %v0: f32[3] = sin(%x)"]
    assert time.perf_counter() - start < 15  # about 1 alone on one core
