"""Records of compilations: stages, kernels, places; what is written about them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tapeout import ir
from tapeout.backends.cpu.target import host
from tapeout.compiler.passes import passes
from tapeout.inspection.dump import MANIFEST, dump
from tapeout.inspection.explain import explain
from tapeout.inspection.record import Record, record
from tapeout.inspection.text import code, computes
from tapeout.ir.ops.elementwise import operations
from tapeout.ir.passes import PASSES
from tapeout.ir.text.printer import lines_of, printed_names

PROGRAMS = Path(__file__).parent / "programs"
UPDATE = """
func update(%x: f32[6,5], %w: f32[7,5], %b: f32[7]) {
  %h: f32[6,7] = linear(%x, %w, %b) loc("net.py":4)
  %r: f32[6,7] = relu(%h) loc("net.py":5)
  %t: f32[7,6] = permute(%r, dims=[1,0])
  %e: f32[6,7] = exp(%h)
  %p: f32[7,5] = matmul(%t, %x) loc("net.py":6)
  %new: f32[7,5] = sub(%w, %p)
  %s: f32[6] = sum(%e, dims=[1])
  %c: f32[7,6] = cumsum(%t, dim=1)
  return %s, %new as %w, %c
}
"""


@pytest.fixture(scope="module")
def found() -> Record:
    return record(ir.parse(UPDATE), passes())


def test_the_stages_are_the_trace_the_passes_and_the_backends_own(found: Record) -> None:
    names = [s.name for s in found.stages]
    assert names == ["trace", *(p.name for p in passes()), "schedule", "plan"]
    assert found.stage("trace").func is found.func
    assert found.stage("fuse").func is found.passed[-1].func
    assert found.stage("plan").func is found.program.scheduled
    assert all(s.seconds >= 0 for s in found.stages)
    assert found.stage("plan").seconds > 0


def test_a_pass_that_comes_twice_has_a_number() -> None:
    func = ir.parse(UPDATE)
    again = record(func, [PASSES["cse"], PASSES["dce"], PASSES["cse"]])
    assert [s.name for s in again.passed] == ["trace", "cse", "dce", "cse.2"]


def test_a_stage_or_kernel_that_is_not_there_is_told_with_those_that_are(found: Record) -> None:
    with pytest.raises(ir.IRError, match=r"no stage 'fused'; did you mean fuse\?$"):
        found.stage("fused")
    with pytest.raises(ir.IRError, match=r"update has no kernel 'linaer_relu'; did you mean"):
        found.kernel("linaer_relu")


def test_passes_can_be_seen_though_the_backend_fails() -> None:
    func = ir.parse("func f(%x: f32[n]) {\n  %y: f32[n] = exp(%x)\n  return %y\n}")
    broken = record(func, passes())
    assert "exp(%x)" in broken.text("fuse")
    with pytest.raises(ir.IRError, match="dimension 'n'"):
        broken.text("plan")


def test_the_plan_says_where_values_live_and_parses_as_the_schedule(found: Record) -> None:
    text = found.text("plan")
    assert "%new: f32[7,5] @%w = " in text
    assert "%s: f32[6] @result0 = " in text
    assert "%t: f32[7,6] @192[1,7] = permute(" in text  # a view lies in other strides
    assert str(ir.parse(text)) == found.text("schedule")
    assert "@" not in text.partition(") {")[0]  # arguments live in their own memory


def test_a_piece_of_a_value_begins_further_on() -> None:
    func = ir.parse(
        "func f(%x: f32[5,6]) {\n  %a: f32[5,6] = exp(%x)\n  %b: f32[5,6] = neg(%a)\n"
        "  %p: f32[2,6] = slice(%a, dim=0, start=2, stop=4)\n"
        "  %q: f32[2,6] = slice(%x, dim=0, start=1, stop=3)\n"
        "  %m: f32[2,2] = matmul(%p, %q, transpose_b=true)\n  return %m, %b\n}"
    )
    text = record(func, []).text("plan")
    (start,) = re.findall(r"%a: f32\[5,6\] @(\d+) ", text)
    assert f"%p: f32[2,6] @{int(start) + 48} = " in text
    assert "%q: f32[2,6] @%x+24 = " in text


def test_an_operand_that_is_read_twice_counts_once() -> None:
    func = ir.parse("func f(%x: f32[5]) {\n  %y: f32[5] = mul(%x, %x)\n  return %y\n}")
    (call,) = record(func, []).calls
    assert ([a.name for a in call.read], call.bytes) == (["%x"], 40)


def test_memory_lists_the_tenants_of_the_arena_and_the_arguments(found: Record) -> None:
    memory = found.memory
    owners = [t for t in memory.tenants if "%r" in t.names]
    assert [(t.names, t.bytes) for t in owners] == [(("%r", "%t"), 168)]
    assert max(t.offset + t.bytes for t in memory.tenants) <= memory.arena_bytes
    rooms = {r.name: (r.type, r.bytes, r.written) for r in memory.arguments}
    assert rooms == {
        "%x": ("f32[6,5]", 120, False),
        "%w": ("f32[7,5]", 140, True),
        "%b": ("f32[7]", 28, False),
    }
    assert [(r.values, r.bytes) for r in memory.results] == [(("%s",), 24), (("%c",), 168)]


def test_calls_say_what_they_read_and_write_and_cost(found: Record) -> None:
    call = next(c for c in found.calls if c.kernel.startswith("matmul_sub_"))
    assert [a.name for a in call.read] == ["%r", "%x", "%w"]
    assert [(a.name, a.place) for a in call.written] == [("%new", "@%w")]
    assert call.shapes == "f32[6,7], f32[6,5], f32[7,5] -> f32[7,5]"
    assert call.flops == 2 * 7 * 6 * 5 + 7 * 5
    assert call.bytes == 4 * (42 + 30 + 35 + 35)
    assert found.flops == sum(k.flops for k in found.kernels)
    assert [n for k in found.kernels for n in k.numbers] == sorted(c.number for c in found.calls)


def test_a_copy_at_the_end_is_a_call() -> None:
    func = ir.parse(
        "func f(%x: f32[3,2]) {\n  %y: f32[2,3] = permute(%x, dims=[1,0])\n  return %y\n}"
    )
    (call,) = record(func, []).calls
    assert (call.instr, call.flops, call.bytes) == (None, 0, 48)
    assert [(a.place, str(a.type)) for a in call.read] == [("@%x[1,2]", "f32[2,3]")]
    assert [a.place for a in call.written] == ["@result0"]


def test_kernels_of_equal_code_are_one() -> None:
    func = ir.parse(
        "func f(%x: f32[5], %y: f32[5]) {\n  %a: f32[5] = exp(%x)\n  %b: f32[5] = exp(%y)\n  return %a, %b\n}"
    )
    (kernel,) = record(func, []).kernels
    assert (kernel.numbers, kernel.flops, kernel.bytes) == ([0, 1], 10, 80)
    assert kernel.shapes == ["f32[5] -> f32[5]"]


def test_kernels_of_one_name_are_shown_together() -> None:
    func = ir.parse(
        "func f(%x: f32[5], %y: f32[70]) {\n  %a: f32[5] = exp(%x)\n  %b: f32[70] = exp(%y)\n  return %a, %b\n}"
    )
    found = record(func, [])
    first, second = found.kernels
    assert found.kernel("exp") is first
    assert found.kernels_called(second.symbol) == [second]
    text = code(found, "source", "exp")
    assert text.index(first.symbol) < text.index(second.symbol)
    assert "%a: " in computes(found, "exp")
    assert "%b: " in computes(found, "exp")


def test_inputs_end_where_somebody_says_or_the_first_update_is() -> None:
    func = ir.parse(UPDATE)
    assert record(func, []).inputs == 1
    assert record(func, [], inputs=2).inputs == 2
    assert record(ir.parse((PROGRAMS / "mlp.tape").read_text()), []).inputs == 6


# ---- texts


def test_code_comes_with_what_it_computes(found: Record) -> None:
    text = code(found, "source", "matmul_sub")
    assert text.startswith("# matmul_sub_")
    assert "#   %new: f32[7,5] = matmul_sub(%r, %x, %w) {\n" in text
    assert "\ndef kernel(" in text
    assert code(found, "source").count("def kernel(") == len(found.kernels)
    llvm, asm = code(found, "llvm", "matmul_sub"), code(found, "asm", "matmul_sub")
    symbol = found.kernel("matmul_sub").symbol
    assert f"define void @{symbol}(" in llvm
    assert f"{symbol}:" in asm
    assert (
        computes(found, "matmul_sub").splitlines()[1].startswith("  %new: f32[7,5] = matmul_sub(")
    )


def test_the_page_says_what_goes_in_what_is_done_and_what_was_fused(found: Record) -> None:
    page = explain(found)
    squeezed = re.sub(" +", " ", page)
    assert page.startswith(f"update: {len(found.kernels)} kernels in {len(found.calls)} calls, ")
    assert "\ninputs\n  %x  f32[6,5]  120 B\n" in page
    assert "\nstate that it reads\n  %b  f32[7]  28 B\n" in page
    assert "\nstate that it updates in place\n  %w  f32[7,5]  140 B\n" in page
    assert "\nresults\n  %s  f32[6]     24 B\n" in page
    assert "\nfused\n" in page
    assert "\n matmul_sub matmul, sub\n" in squeezed
    assert "f32[6,7], f32[6,5], f32[7,5] -> f32[7,5] net.py:6\n" in squeezed


SUMS = """%a: f32[6] = sum(%x, dims=[1])
  %b: f32[5] = sum(%x, dims=[0])
  %c: f32[6,1] = reshape(%a, shape=[6,1])
  %d: f32[6,5] = add(%b, %c)"""
SHARED = """%e: f32[6,5] = exp(%x)
  %m: f32[6,6] = matmul(%e, %e, transpose_b=true)
  %a: f32[6] = sum(%e, dims=[1])
  %d: f32[6,6] = mul(%m, %a)"""


BETWEEN = """%a: f32[6,5] = exp(%x)
  %m: f32[6,6] = matmul(%a, %a, transpose_b=true)
  %s: f32[6] = sum(%m, dims=[1])
  %c: f32[6,1] = reshape(%s, shape=[6,1])
  %d: f32[6,5] = add(%a, %c)"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (SUMS, "sum -> sum_add each goes over its elements in its own way: sum, sum"),
        (SHARED, "exp -> sum others want the elements too"),
        (BETWEEN, "matmul in between reads what exp makes"),
        ("%a: f32[5] = sum(%x, dims=[0])\n  %d: f32[6,5] = mul(%x, %a)", ""),
    ],
    ids=["two ways", "shared", "between", "nothing"],
)
def test_what_is_not_fused_has_a_reason(body: str, reason: str) -> None:
    func = ir.parse(f"func f(%x: f32[6,5]) {{\n  {body}\n  return %d\n}}")
    page = re.sub(" +", " ", explain(record(func, passes())))
    assert ("\nnot fused\n" in page) == bool(reason)
    assert reason in page


def test_a_dump_has_a_file_for_everything_and_takes_its_own_place(
    found: Record, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    (tmp_path / "99-old.tape").write_text("an earlier dump's")
    (tmp_path / MANIFEST).write_text("99-old.tape\nkernels/gone.s\n../outside.txt\n")
    outside = tmp_path.with_name("outside.txt")
    outside.write_text("not in the folder")
    assert dump(found, tmp_path) == dump(found, tmp_path) == tmp_path
    assert outside.is_file()
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    stages = [f"{n:02}-{s.name}.tape" for n, s in enumerate(found.stages)]
    kernels = [f"kernels/{k.symbol}.{e}" for k in found.kernels for e in ("ll", "py", "s")]
    others = [MANIFEST, "explain.txt", "memory.json", "mine.txt", "report.html"]
    assert names == sorted([*stages, *kernels, *others])
    for path in tmp_path.glob("*.tape"):
        ir.verify(ir.parse(path.read_text()))
    plan = json.loads((tmp_path / "memory.json").read_text())
    assert plan["arena_bytes"] == found.arena_bytes
    assert plan["arguments"][1]["values"] == ["%w", "%new"]


def test_a_dump_leaves_what_is_not_its_own(found: Record, tmp_path: Path) -> None:
    mine = [tmp_path / name for name in ("00-mine.tape", "kernels/mine.py", "kernels/mine.s")]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    dump(found, tmp_path)
    dump(found, tmp_path)
    assert [path.read_text() for path in mine] == ["mine"] * 3


@pytest.mark.parametrize("name", ["memory.json", "report.html", "00-trace.tape"])
def test_a_dump_does_not_take_the_place_of_another_file(
    name: str, found: Record, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=f"{name} is there already, and no dump wrote it"):
        dump(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


# ---- printing


def test_lines_know_their_instructions(found: Record) -> None:
    func = found.stage("fuse").func
    lines = lines_of(func)
    assert "".join(f"{line.text}\n" for line in lines) == str(func)
    (fused,) = (i for i in func.body if i.op.name == "matmul_sub")
    inner = fused.op.body
    assert inner is not None
    texts = {line.instr: line.text.strip() for line in lines if line.instr}
    assert texts[fused].endswith("= matmul_sub(%r, %x, %w) {")
    assert texts[inner.body[1]] == "yield sub(%w, %p)"


def test_printed_names_are_those_of_the_text() -> None:
    func = ir.parse(
        "func f(%x: f32[3]) {\n  %0: f32[3] = exp(%x)\n  %1: f32[3] = exp(%0)\n  return %1\n}"
    )
    assert list(printed_names(func).values()) == ["%x", "%0", "%1"]
    names = {func.args[0]: "%input", func.body[0].result: "%1"}
    assert lines_of(func, names=names)[1].text == "  %1: f32[3] = exp(%input)"
    assert lines_of(func, names=names)[2].text == "  %0: f32[3] = exp(%1)"


@pytest.mark.parametrize("text", ["mul(@8, %x)", "mul(%x, %x) @8", "@8 mul(%x, %x)"])
def test_a_place_stands_after_a_type_and_nowhere_else(text: str) -> None:
    with pytest.raises(ir.ParseError, match="unexpected character '@'"):
        ir.parse(f"func f(%x: f32[3]) {{\n  %y: f32[3] @64[1] = {text}\n  return %y\n}}")


# ---- counting


@pytest.mark.parametrize(
    ("expression", "count"),
    [("({0} + {1})", 1), ("exp({0})", 1), ("(1 / sqrt({0}))", 2), ("({0} + {2} * ({1} - {0}))", 3)],
)
def test_operations_of_an_expression(expression: str, count: int) -> None:
    assert operations(expression) == count


@pytest.mark.parametrize(
    ("call", "given", "flops"),
    [
        ("matmul(%a, %b)", "%a: f32[4,2,3], %b: f32[3,5]", 4 * 2 * 3 * 5 * 2),
        ("matmul(%a, %b, transpose_a=true)", "%a: f32[3,2], %b: f32[3,5]", 2 * 3 * 5 * 2),
        ("linear(%a, %b)", "%a: f32[7,3], %b: f32[5,3]", 7 * 3 * 5 * 2),
        ("linear(%a, %b, %c)", "%a: f32[7,3], %b: f32[5,3], %c: f32[5]", 7 * 5 * (3 * 2 + 1)),
        ("sum(%a, dims=[1])", "%a: f32[7,3]", 21),
        ("sum(%a, dims=[1])", "%a: i64[7,3]", 0),
        ("softmax(%a, dim=1)", "%a: f32[7,3]", 84),
        ("add(%a, %b)", "%a: f32[7,1], %b: f32[3]", 21),
        ("lt(%a, %b)", "%a: f32[7], %b: f32[7]", 0),
        ("where(%a, %b, 0.0)", "%a: bool[7], %b: f32[7]", 0),
        ("cast(%a, dtype=f64)", "%a: f32[7]", 0),
        ("reshape(%a, shape=[3,7])", "%a: f32[7,3]", 0),
    ],
)
def test_flops(call: str, given: str, flops: int) -> None:
    (instr,) = ir.parse(f"func f({given}) {{\n  %r: f32[1] = {call}\n  return %r\n}}").body
    assert instr.op.flops(*(o.type for o in instr.operands)) == flops


def test_every_op_can_be_counted() -> None:
    for cls in ir.OPS.values():
        sample = next(cls.samples())
        assert sample.op.flops(*sample.types) >= 0


def test_a_fused_op_counts_as_its_body(found: Record) -> None:
    (fused,) = (i for i in found.stage("fuse").func.body if i.op.name == "matmul_sub")
    assert fused.op.flops(*(o.type for o in fused.operands)) == 2 * 7 * 6 * 5 + 35


# ---- size and order


def chain(length: int) -> ir.Func:
    """A long program, its views and its gradient."""
    ops = ("tanh({})", "mul({}, %y)", "linear({}, %y)", "add({}, 0.25)")
    lines = [
        f"  %v{i}: f32[4,4] = {ops[i % 4].format(f'%v{i - 1}' if i else '%x')}"
        for i in range(length)
    ]
    body = "\n".join([*lines, f"  %s: f32[] = sum(%v{length - 1}, dims=[0,1])"])
    func = ir.parse(f"func long(%x: f32[4,4], %y: f32[4,4]) {{\n{body}\n  return %s\n}}")
    return PASSES["grad"](func)


def test_ten_thousand_instructions_stay_usable() -> None:
    func = chain(4000)
    assert len(func.body) > 10_000
    start = time.perf_counter()
    long = record(func, passes())
    texts = [long.text(stage.name) for stage in long.stages]
    assert explain(long)
    assert str(ir.parse(texts[-1])) == texts[-2]
    seconds = time.perf_counter() - start
    assert seconds < 30, f"{seconds:.1f} s"  # about 5 alone on one core


def test_a_long_row_of_views_needs_no_deep_recursion() -> None:
    shapes = ["2,8", "4,4"]
    lines = [
        f"  %v{i}: f32[{shapes[i % 2]}] = reshape({f'%v{i - 1}' if i else '%x'}, shape=[{shapes[i % 2]}])"
        for i in range(3000)
    ]
    text = "\n".join(
        ["func f(%x: f32[4,4]) {", *lines, "  %r: f32[4,4] = exp(%v2999)", "  return %r", "}"]
    )
    long = record(ir.parse(text), [PASSES["cse"], PASSES["dce"]])
    assert len(long.calls) == 1
    assert long.text("plan").count("@%x") == 3000


SCRIPT = """
import sys
import tapeout
from tapeout import nn, optim
from tapeout.compiler.passes import passes
from tapeout.inspection.record import record
tapeout.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 3))
criterion, optimizer = nn.CrossEntropyLoss(), optim.AdamW(model.parameters(), lr=1e-3)

def step(x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss

func = tapeout.trace(step, tapeout.spec((4, 6)), tapeout.spec((4,), tapeout.int64))
found = record(func, passes())
for stage in found.stages:
    print(found.text(stage.name))
for kernel in found.kernels:
    print(kernel.symbol, kernel.source)
print(found.memory)
"""


def test_texts_are_the_same_in_every_process(tmp_path: Path) -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        ).stdout
        for seed in ("1", "77")
    ]
    assert said[0] == said[1]
    assert "%model.0.weight: f32[5,6]" in said[0]
    assert "%model.2.running_mean" in said[0]


def test_the_record_is_of_this_machine(found: Record) -> None:
    assert found.program.target == host()
