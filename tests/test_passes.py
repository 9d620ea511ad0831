"""Each pass on small programs: golden texts, and the meaning kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tapeout import ir
from tapeout.ir.passes import PASSES
from tapeout.ir.pipeline import Stage, passes_by_name, run_passes, verifying

PROGRAMS = Path(__file__).parent / "programs"
PIPELINES = {
    "algebra": ["simplify", "simplify,cse,dce,fuse"],
    "mlp": ["grad", "grad,simplify,cse,dce,fuse", "fuse"],
    "repeated": ["dce", "cse", "cse,dce"],
    "shared": ["fuse", "cse,fuse"],
    "update": ["simplify,fuse"],
}
CASES = [(program, passes) for program, listed in PIPELINES.items() for passes in listed]


def load(name: str) -> ir.Func:
    return ir.verify(ir.parse((PROGRAMS / f"{name}.tape").read_text()))


def arguments(func: ir.Func) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [
        rng.integers(0, 3, a.type.shape)
        if a.type.dtype.is_integer
        else rng.standard_normal(a.type.shape)
        for a in func.args
    ]


@pytest.mark.parametrize(("program", "passes"), CASES)
def test_pipeline_text(program: str, passes: str, golden: Callable[..., None]) -> None:
    golden(str(run_passes(load(program), passes_by_name(passes), verifying)), ext=".tape")


@pytest.mark.parametrize(("program", "passes"), CASES)
def test_pipeline_keeps_the_meaning(program: str, passes: str) -> None:
    before = load(program)
    if passes.startswith("grad"):
        before = PASSES["grad"](before)
    after = run_passes(load(program), passes_by_name(passes))
    xs = arguments(before)
    for a, b in zip(ir.run(before, *xs), ir.run(after, *xs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_simplify_reaches_a_fixed_point() -> None:
    once = PASSES["simplify"](load("algebra"))
    assert PASSES["simplify"](once) is once


def test_undetach_reads_through_detach_and_grad_does_not() -> None:
    func = ir.parse(
        "func f(%x: f64[3]) {\n  %a: f64[3] = detach(%x)\n  %b: f64[3] = mul(%a, %x)\n"
        "  %s: f64[] = sum(%b, dims=[0])\n  return %s\n}"
    )
    x = np.array([1.0, 2.0, 3.0])
    _, gradient = ir.run(PASSES["grad"](func), x)
    np.testing.assert_array_equal(gradient, x)
    text = str(PASSES["undetach"](func))
    assert "detach" not in text
    assert "mul(%x, %x)" in text


def test_grad_of_an_argument_that_does_not_matter_is_zero() -> None:
    func = ir.parse(
        "func f(%x: f32[3], %y: f32[2]) {\n  %s: f32[] = sum(%x, dims=[0])\n  return %s\n}"
    )
    _, dx, dy = ir.run(ir.verify(PASSES["grad"](func)), np.ones(3), np.ones(2))
    assert (dx.tolist(), dy.tolist()) == ([1, 1, 1], [0, 0])


REFUSED = {
    "func f(%x: f32[3]) {\n  return\n}": "f returns nothing to differentiate",
    "func f(%x: f32[3]) {\n  return %x\n}": "the first result of f must be a floating-point scalar",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_grad_says_what_it_cannot_differentiate(text: str, message: str) -> None:
    with pytest.raises(ir.IRError, match=message):
        PASSES["grad"](ir.parse(text))


def test_grad_after_fuse_is_refused() -> None:
    with pytest.raises(ir.IRError, match=r"linear_relu is fused already; run grad before fuse"):
        run_passes(load("mlp"), passes_by_name("fuse,grad"))


def test_gradients_agree_with_differences() -> None:
    func = load("mlp")
    wide = ir.parse(str(func).replace("f32", "f64").replace("-100:f64", "-100"))
    gradient = ir.verify(PASSES["grad"](wide))
    xs = arguments(wide)
    loss, *grads = ir.run(gradient, *xs)
    rng = np.random.default_rng(1)
    floats = [i for i, a in enumerate(wide.args) if a.type.dtype.is_floating_point]
    for g, i in zip(grads, floats, strict=True):
        d = rng.standard_normal(xs[i].shape)
        high, low = ([x + s * 1e-6 * d if j == i else x for j, x in enumerate(xs)] for s in (1, -1))
        slope = (ir.run(wide, *high)[0] - ir.run(wide, *low)[0]) / 2e-6
        assert np.vdot(g, d) == pytest.approx(slope, rel=1e-6, abs=1e-9)
    assert loss > 0


def test_a_value_that_is_read_outside_a_group_is_a_result_of_it() -> None:
    fused = PASSES["fuse"](load("shared"))
    (linear,) = [i for i in fused.body if i.op.body and i.op.body.body[0].op.name == "linear"]
    assert [r.name for r in linear.results] == ["u", "v"]


def fused(body: str, args: str = "%x: f32[3,3]") -> list[str]:
    """The names of what fusion makes of a body."""
    func = ir.verify(ir.parse(f"func f({args}) {{\n{body}}}\n"))
    result = ir.verify(PASSES["fuse"](func))
    xs = arguments(func)
    for found, expected in zip(ir.run(result, *xs), ir.run(func, *xs), strict=True):
        np.testing.assert_array_equal(found, expected)
    return [i.op.name for i in result.body]


def test_what_is_read_between_is_not_made_to_wait() -> None:
    assert fused(
        "  %a: f32[3,3] = exp(%x)\n  %s: f32[3,3] = matmul(%a, %a)\n  %b: f32[3,3] = mul(%a, 2.0)\n"
        "  %c: f32[3,3] = add(%s, %b)\n  return %c\n"
    ) == ["exp", "matmul_mul_add"]


def test_ops_of_one_walk_go_together_with_what_is_between_them() -> None:
    assert fused(
        "  %t: f32[4,1] = amax(%x, dims=[1], keepdim=true)\n  %d: f32[4,5] = sub(%x, %t)\n"
        "  %e: f32[4,5] = exp(%d)\n  %s: f32[4] = sum(%e, dims=[1])\n  %l: f32[4] = log(%s)\n"
        "  %r: f32[4,1] = reshape(%l, shape=[4,1])\n  %o: f32[4,5] = sub(%d, %r)\n  return %o\n",
        "%x: f32[4,5]",
    ) == ["fused_amax_sub"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (  # one along rows, one along columns
            "  %s: f32[3] = sum(%x, dims=[0])\n  %t: f32[3] = sum(%x, dims=[1])\n  %u: f32[3] = add(%s, %t)\n"
            "  return %u\n",
            ["sum", "sum_add"],
        ),
        (  # a sum of rows that is broadcast to columns
            "  %s: f32[3] = sum(%x, dims=[1])\n  %u: f32[3,3] = mul(%x, %s)\n  return %u\n",
            ["sum", "mul"],
        ),
        (  # elements that others want too are better shared among threads
            "  %e: f32[3,3] = exp(%x)\n  %s: f32[3] = sum(%e, dims=[0])\n  %p: f32[3,3] = matmul(%e, %e)\n"
            "  return %s, %p\n",
            ["exp", "sum", "matmul"],
        ),
        (  # a view that moves elements
            "  %s: f32[3] = sum(%x, dims=[1])\n  %f: f32[3] = flip(%s, dims=[0])\n  %u: f32[3] = neg(%f)\n"
            "  return %u\n",
            ["sum", "flip", "neg"],
        ),
    ],
)
def test_what_is_not_one_walk_stays_apart(body: str, names: list[str]) -> None:
    assert fused(body) == names


def test_numbers_are_computed_together() -> None:
    assert fused(
        "  %a: f32[] = exp(%p)\n  %b: f32[] = exp(%q)\n  %y: f32[3,3] = mul(%x, %a)\n"
        "  %z: f32[3,3] = mul(%y, %b)\n  return %z\n",
        "%x: f32[3,3], %p: f32[], %q: f32[]",
    ) == ["exp_exp", "mul_mul"]


def test_one_kernel_has_one_anchor() -> None:
    fused = PASSES["fuse"](load("shared"))
    for instr in fused.body:
        inside = instr.op.body.body if instr.op.body else (instr,)
        assert sum(i.op.anchor for i in inside) <= 1


def test_the_hook_sees_every_stage_in_order() -> None:
    seen: list[Stage] = []
    result = run_passes(load("mlp"), passes_by_name("grad,cse"), seen.append)
    assert [s.name for s in seen] == ["grad", "cse"]
    assert seen[0].after is seen[1].before
    assert seen[1].after is result
    assert all(s.seconds >= 0 for s in seen)


def test_a_pass_that_breaks_the_ir_is_named() -> None:
    broken = PASSES["dce"].__class__("wreck", lambda f: ir.Func(f.name, f.args, (), f.results), "")
    with pytest.raises(ir.IRError, match=r"after the pass 'wreck': .* used by the return before"):
        run_passes(load("mlp"), [broken], verifying)


def test_an_unknown_pass_is_named_with_the_known_ones() -> None:
    with pytest.raises(
        ir.IRError, match="unknown pass 'fold'; there are cse, dce, fuse, grad, simplify"
    ):
        passes_by_name("cse,fold")


def test_cse_keeps_zeros_of_different_sign_apart() -> None:
    line = "  %{0}: f32[1] = literal(data=[{1}], shape=[1], dtype=f32)\n"
    text = (
        "func f() {\n" + line.format("a", "0.0") + line.format("b", "-0.0") + "  return %a, %b\n}\n"
    )
    found = ir.run(PASSES["cse"](ir.parse(text)))
    assert [np.signbit(x).item() for x in found] == [False, True]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("call", "folded"),
    [
        ("div(1.0, 0.0)", "inf"),
        ("log(-1.0)", "nan"),
        ("mul(1e38, 10.0)", "inf"),
        ("floor_div(1, 0)", None),
    ],
)
def test_folding_is_silent_and_leaves_errors_for_later(call: str, folded: str | None) -> None:
    kind = "i64" if "floor" in call else "f32"
    text = str(
        PASSES["simplify"](ir.parse(f"func f() {{\n  %a: {kind}[] = {call}\n  return %a\n}}"))
    )
    assert (f"return {folded}" if folded else call) in text
