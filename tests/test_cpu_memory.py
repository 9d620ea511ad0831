"""Where values live: updates over what they replace, elementwise results over dying operands, little memory in all."""

from __future__ import annotations

import numpy as np
import pytest

from tapeout import ir
from tapeout.backends.cpu import Program
from tapeout.backends.cpu.arena import placed
from tapeout.backends.cpu.memory import Buffer, Memory
from tapeout.backends.cpu.order import ordered


def parsed(body: str) -> ir.Func:
    return ir.verify(ir.parse(f"func f(%w: f32[3,4], %x: f32[3,4]) {{\n{body}\n}}\n"))


def agrees(func: ir.Func) -> Program:
    """The program, after a comparison with the interpreter."""
    program, rng = Program(func), np.random.default_rng(0)
    arrays = [
        rng.standard_normal(a.type.static_shape).astype(a.type.dtype.numpy) for a in func.args
    ]
    for found, expected in zip(program(arrays), ir.run(func, *arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    return program


def home_kind(program: Program, name: str) -> str:
    (value,) = (v for v in program.memory.homes if v.name == name)
    return program.memory.buffers[program.memory.homes[value].buffer].kind


def test_an_update_is_written_over_what_it_replaces() -> None:
    program = agrees(parsed("  %n: f32[3,4] = add(%w, %x)\n  return %n as %w"))
    assert home_kind(program, "n") == "argument"
    assert [c.kernel.name for c in program.calls] == ["add"]


@pytest.mark.parametrize(
    "body",
    [
        "  %n: f32[3,4] = add(%w, %x)\n  %o: f32[3,4] = mul(%w, 2.0)\n  return %o, %n as %w",
        "  %n: f32[3,4] = add(%w, %x)\n  return %w, %n as %w",
        "  %n: f32[3,4] = flip(%w, dims=[1])\n  return %n as %w",
        "  %v: f32[4,3] = permute(%w, dims=[1,0])\n  %n: f32[3,4] = add(%w, %x)\n"
        "  %e: f32[4,3] = exp(%v)\n  return %e, %n as %w",
        "  %v: f32[3,4] = flip(%w, dims=[0])\n  %n: f32[3,4] = sub(%w, %v)\n  return %n as %w",
        "  %m: f32[3,3] = matmul(%w, %x, transpose_b=true)\n  %n: f32[3,4] = matmul(%m, %w)\n"
        "  return %n as %w",
        "  %s: f32[3,4] = cumsum(%x, dim=0)\n  %m: f32[4,4] = matmul(%x, %s, transpose_a=true)\n"
        "  %n: f32[3,4] = matmul(%x, %m)\n  %o: f32[3,4] = cumsum(%n, dim=1)\n  return %o, %s as %w",
        "  return %x as %w, %w as %x",
        "  return %x as %w, %x",
        "  %n: f32[3,4] = exp(%x)\n  return %n as %w, %n as %x, %n",
    ],
)
def test_old_values_are_read_before_they_are_gone(body: str) -> None:
    agrees(parsed(body))


def test_readers_of_the_old_value_run_before_the_update() -> None:
    func = parsed(
        "  %a: f32[3,4] = exp(%x)\n  %o: f32[3,4] = mul(%w, %a)\n  %n: f32[3,4] = add(%w, %x)\n"
        "  return %o, %n as %w"
    )
    program = agrees(func)
    assert home_kind(program, "n") == "argument"
    assert [i.op.name for i in ordered(func).body][-1] == "add"


def test_an_elementwise_result_takes_the_place_of_an_operand_that_dies() -> None:
    program = agrees(
        parsed(
            "  %a: f32[3,3] = matmul(%w, %x, transpose_b=true)\n  %b: f32[3,3] = exp(%a)\n"
            "  %c: f32[3,3] = mul(%b, %b)\n  %d: f32[3,4] = matmul(%c, %w)\n  return %d"
        )
    )
    memory = program.memory
    assert len({memory.homes[v].buffer for v in memory.homes if v.name in "abc"}) == 1
    assert memory.arena_bytes == 64


@pytest.mark.parametrize(
    "last",
    ["add(%a, %t)", "matmul(%a, %a)", "softmax(%a, dim=1)"],
    ids=["turned", "product", "rows"],
)
def test_an_operand_that_is_not_read_in_step_keeps_its_place(last: str) -> None:
    agrees(
        parsed(
            "  %a: f32[3,3] = matmul(%w, %x, transpose_b=true)\n"
            "  %t: f32[3,3] = permute(%a, dims=[1,0])\n"
            f"  %b: f32[3,3] = {last}\n  %c: f32[3,3] = exp(%b)\n  return %c"
        )
    )


def test_tenants_that_are_needed_at_once_do_not_share_bytes() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        tenants = [
            Buffer(
                "temporary", int(rng.integers(1, 500)), *sorted(map(int, rng.integers(0, 30, 2)))
            )
            for _ in range(12)
        ]
        total = placed(tenants)
        for k, a in enumerate(tenants):
            assert a.offset % 64 == 0
            assert a.offset + a.nbytes <= total
            for b in tenants[:k]:
                apart = a.last < b.first or b.last < a.first
                assert apart or a.offset + a.nbytes <= b.offset or b.offset + b.nbytes <= a.offset


def test_the_order_frees_memory_early() -> None:
    """Four large values, each summed up: never more than one of them at a time."""
    lines = [f"  %e{k}: f32[64,64] = mul(%x, {k}.5)" for k in range(4)]
    lines += [f"  %s{k}: f32[64] = sum(%e{k}, dims=[0])" for k in range(4)]
    results = ", ".join(f"%s{k}" for k in range(4))
    func = ir.parse("func f(%x: f32[64,64]) {\n" + "\n".join(lines) + f"\n  return {results}\n}}\n")
    assert Memory(func).arena_bytes == 4 * 64 * 64 * 4
    assert Memory(ordered(func)).arena_bytes == 64 * 64 * 4
    agrees(func)


def test_updates_wait_for_what_may_refuse() -> None:
    func = ir.parse(
        "func f(%w: f32[3], %x: f32[4], %i: i64[2]) {\n  %e: f32[4] = exp(%x)\n"
        "  %y: f32[2] = take(%e, %i)\n  %n: f32[3] = add(%w, 1.0)\n  return %y, %n as %w\n}\n"
    )
    assert [i.op.name for i in ordered(func).body] == ["exp", "take", "add"]


def test_a_refused_step_leaves_the_state_as_it_was() -> None:
    func = ir.parse(
        "func f(%i: i64[2], %x: f32[4], %w: f32[2]) {\n  %y: f32[2] = take(%x, %i)\n"
        "  %n: f32[2] = add(%w, %y)\n  return %n as %w\n}\n"
    )
    state = [np.arange(4, dtype=np.float32), np.array([5, 6], np.float32)]
    bound = Program(func).bind(state)
    with pytest.raises(
        IndexError, match="take: index 7 is out of bounds for dimension 0 with size 4"
    ):
        bound.run([np.array([1, 7])])
    assert state[1].tolist() == [5, 6]
    bound.run([np.array([1, 3])])
    assert state[1].tolist() == [6, 9]
