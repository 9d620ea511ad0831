"""The data of `report.html`: which instruction is which from stage to stage, lines of source, safe text."""

from __future__ import annotations

import gc
import json
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compiling import Training, X, Y
from tapeout import ir
from tapeout.compiler.passes import passes
from tapeout.inspection.record import record
from tapeout.inspection.report import report_html
from tapeout.inspection.report.changes import Numbered, numbered
from tapeout.inspection.report.data import report_data
from tapeout.inspection.report.reordered import reordered
from tapeout.inspection.report.source import AROUND, WHOLE, Sources
from tapeout.ir.passes import PASSES
from tapeout.ir.values import Loc

PROGRAM = """
func f(%x: f32[6,5], %w: f32[7,5]) {
  %h: f32[6,7] = matmul(%x, %w, transpose_b=true)
  %again: f32[6,7] = matmul(%x, %w, transpose_b=true)
  %one: f32[6,7] = mul(%again, 1.0)
  %e: f32[6,7] = exp(%one)
  %s: f32[6,7] = add(%e, %h)
  return %s
}
"""


def data_of(page: str) -> dict:
    """The document in a page."""
    [found] = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    return json.loads(found)


def staged(*names: str) -> tuple[list[ir.Func], list[Numbered]]:
    funcs = [ir.parse(PROGRAM)]
    for name in names:
        funcs.append(PASSES[name](funcs[-1]))
    return funcs, numbered(funcs)


def ops(note: Numbered, numbers: object) -> list[str]:
    return [m.instr.op.name for m in note.members if m.number in numbers]


# What a pass changed.


def test_an_instruction_keeps_its_number() -> None:
    _, (trace, simplified, merged) = staged("simplify", "cse")
    assert [m.number for m in trace.members] == [0, 1, 2, 3, 4]
    assert [m.number for m in simplified.members] == [0, 1, 3, 4]
    assert [m.number for m in merged.members] == [0, 3, 4]
    assert (simplified.removed, merged.removed) == ([2], [1])
    assert ops(simplified, simplified.changed) == ops(merged, merged.changed) == ["exp"]
    assert str(trace) == "5 instructions"
    assert str(merged) == "1 changed, 1 removed"


def test_members_of_a_fused_instruction_are_those_from_before() -> None:
    _, (*_, before, fused) = staged("simplify", "cse", "fuse")
    [group] = fused.new
    inner = [m for m in fused.members if m.parent == group]
    assert [m.number for m in inner] == [m.number for m in before.members] == [0, 3, 4]
    assert fused.moved == {0, 3, 4}
    assert not fused.removed
    assert not fused.changed
    assert str(fused) == "1 new, 3 moved"


def test_equal_instructions_are_told_apart_by_what_they_read() -> None:
    twins = ir.parse(
        "func f(%x: f32[3]) {\n  %a: f32[3] = exp(%x)\n  %b: f32[3] = exp(%a)\n  %c: f32[3] = exp(%b)\n"
        "  return %a, %c\n}"
    )
    copied = ir.parse(str(twins))
    first, second = numbered([twins, copied])
    assert [m.number for m in second.members] == [m.number for m in first.members]
    assert not second.differs
    assert str(second) == "changed nothing"


def test_instructions_that_look_alike_are_found_by_their_operands() -> None:
    text = "func f(%x: f32[3], %y: f32[3]) {{\n  %0: f32[3] = exp({})\n  %1: f32[3] = exp({})\n  return %0, %1\n}}"
    first, second = numbered(
        [ir.parse(text.format(*pair)) for pair in (("%x", "%y"), ("%y", "%x"))]
    )
    assert [m.number for m in first.members] == [0, 1]
    assert [m.number for m in second.members] == [1, 0]
    assert str(second) == "1 reordered"


def test_what_changed_is_not_called_reordered_besides() -> None:
    lines = ["%a: f32[3] = exp(%x)", "%b: f32[3] = sin(%x)", "%c: f32[3] = mul(%x, {})"]

    def program(order: list[int], factor: str) -> ir.Func:
        body = "\n".join("  " + lines[k].format(factor) for k in order)
        return ir.parse(f"func f(%x: f32[3], %y: f32[3]) {{\n{body}\n  return %a, %b, %c\n}}")

    _, after = numbered([program([0, 1, 2], "2.0"), program([2, 0, 1], "%y")])
    assert after.marks() == {2: "changed"}
    assert str(after) == "1 changed"


def test_what_runs_at_another_place_is_marked() -> None:
    lines = ["%a: f32[3] = exp(%x)", "%b: f32[3] = sin(%x)", "%c: f32[3] = cos(%x)"]

    def program(order: list[int]) -> ir.Func:
        body = "\n".join("  " + lines[k] for k in order)
        return ir.parse(f"func f(%x: f32[3]) {{\n{body}\n  return %a, %b, %c\n}}")

    _, after = numbered([program([0, 1, 2]), program([1, 2, 0])])
    assert ops(after, after.placed) == ["exp"]
    assert str(after) == "1 reordered"
    assert after.marks() == {0: "placed"}


@pytest.mark.parametrize(
    "places, moved",
    [([], []), ([0, 1, 2], []), ([2, 0, 1], [0]), ([0, 3, 1, 2, 4], [1]), ([3, 2, 1], [0, 1])],
)
def test_the_fewest_are_reordered(places: list[int], moved: list[int]) -> None:
    assert reordered(places) == moved


# The document.


@pytest.fixture(scope="module")
def training() -> Training:
    made = Training("cpu")
    made.step(X, Y)
    return made


@pytest.fixture(scope="module")
def document(training: Training) -> dict:
    return report_data(training.step.record())


def test_the_text_is_the_records_own(training: Training, document: dict) -> None:
    found = training.step.record()
    for stage in document["stages"]:
        assert "".join(f"{text}\n" for text, _ in stage["lines"]) == found.text(stage["name"])


def test_every_instruction_has_a_line_and_a_node(training: Training, document: dict) -> None:
    for stage, each in zip(document["stages"], training.step.stages, strict=True):
        shown = {owner for _, owner in stage["lines"] if owner is not None}
        assert shown == {node["id"] for node in stage["nodes"]}
        assert [n["id"] for n in stage["nodes"] if not n["op"]] == [a.name for a in each.func.args]


def test_gradients_know_the_line_that_they_are_for(document: dict) -> None:
    trace = document["stages"][0]
    [forward] = {
        tuple(map(tuple, trace["locs"][n["id"]])) for n in trace["nodes"] if n["op"] == "tanh"
    }
    [file, line] = forward[0]
    rows = dict(document["files"][file]["rows"])
    assert rows[line].strip() == "loss = nn.functional.cross_entropy(self.model(x), y)"
    backward = [n["id"] for n in trace["nodes"] if n["op"] == "matmul"]
    for number in backward:
        own, origin = trace["locs"][number]
        assert rows[own[1]].strip() == "loss.backward()"
        assert origin == [file, line]


def test_what_comes_after_the_backward_pass_is_no_gradient(training: Training) -> None:
    body = training.step.stages[0].func.body
    after = [i.origin for i in body if i.op.name == "lerp"]
    assert after
    assert set(after) == {None}


def test_the_grad_pass_tells_what_its_instructions_are_for() -> None:
    func = ir.parse(
        'func f(%x: f32[3]) {\n  %a: f32[3] = exp(%x) loc("net.py":3)\n'
        '  %b: f32[] = sum(%a, dims=[0]) loc("net.py":4)\n  return %b\n}'
    )
    added = PASSES["grad"](func).body[2:]
    assert [(i.op.name, i.origin) for i in added] == [
        ("reshape", ("net.py", 4)),
        ("expand", ("net.py", 4)),
        ("mul", ("net.py", 3)),
    ]


def test_a_fused_instruction_has_the_lines_of_its_members(document: dict) -> None:
    stage = next(s for s in document["stages"] if s["name"] == "fuse")
    for node in stage["nodes"]:
        if node["parent"] is not None:
            mine, group = stage["locs"][node["id"]], stage["locs"][node["parent"]]
            assert all(loc in group for loc in mine)


def test_calls_name_the_instructions_that_they_do(training: Training, document: dict) -> None:
    last = {n["id"]: n["op"] for n in document["stages"][-1]["nodes"]}
    for told, call in zip(document["calls"], training.step.record().calls, strict=True):
        assert last[told["id"]] == call.instr.op.name
        assert told["flops"] == call.flops
        assert told["measured"] is None


def test_a_profile_gives_times(training: Training) -> None:
    profile = training.step.profile(X, Y, steps=2, threads=1)
    found = report_data(training.step.record(), profile)
    times = [call["measured"]["ns"] for call in found["calls"]]
    assert times == [round(each.seconds * 1e9, 1) for each in profile.timed]
    assert found["plot"].startswith("<svg")


def test_memory_is_the_records(training: Training, document: dict) -> None:
    memory = training.step.record().memory
    assert document["memory"]["arena"] == memory.arena_bytes
    assert document["memory"]["tenants"][-1]["offset"] == memory.tenants[-1].offset
    assert document["memory"]["inputs"] == 2


# The page.


def test_the_page_is_one_file_that_asks_for_nothing(training: Training, tmp_path: Path) -> None:
    page = training.step.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert data_of(page) == json.loads(json.dumps(report_data(training.step.record())))
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "://" not in re.sub(r'<script id="data".*?</script>', "", page, flags=re.S)
    assert "{{" not in page.partition('<script id="data"')[0]


def test_the_examples_of_the_documentation_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parent.parent / "docs" / "report.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    Path("example.py").write_text(code, encoding="utf-8")
    runpy.run_path("example.py")
    measured = data_of(Path("report.html").read_text(encoding="utf-8"))
    assert all(call["measured"]["ns"] > 0 for call in measured["calls"])
    sources = {Path(file["path"]).name for file in measured["files"]}
    assert sources == {"example.py"}
    # In a process of its own: the command takes the place of PyTorch, which other tests may have imported here.
    command = ["profile", "example.py:step", "--steps", "2", "--html", "again.html"]
    subprocess.run([sys.executable, "-m", "tapeout", *command], check=True, timeout=120)
    assert data_of(Path("again.html").read_text(encoding="utf-8"))["step"] > 0


def test_what_the_user_wrote_cannot_break_the_page(tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    line = 'y = "</script><b>{{script}} <!-- \\" é"\n'
    script.write_text(line, encoding="utf-8")
    func = ir.parse(
        f'func f(%x: f32[3]) {{\n  %y: f32[3] = exp(%x) loc("{script}":1)\n  return %y\n}}'
    )
    page = report_html(record(func, passes()))
    assert data_of(page)["files"][0]["rows"] == [[1, line.rstrip("\n")]]
    assert page.count("</script>") == 2


def test_a_file_that_is_not_here_has_no_rows() -> None:
    sources = Sources()
    sources.note([Loc("nowhere.py", 7)])
    assert sources.data() == [{"path": "nowhere.py", "name": "nowhere.py", "rows": []}]


def test_of_a_long_file_the_lines_around_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("".join(f"x{n} = {n}\n" for n in range(1, 2 * WHOLE)))
    sources = Sources()
    sources.note([Loc(str(path), 2), Loc(str(path), WHOLE)])
    [file] = sources.data()
    numbers = [n for n, _ in file["rows"]]
    around = range(WHOLE - AROUND, WHOLE + AROUND + 1)
    assert numbers == [*range(1, 3 + AROUND), *around]
    assert file["rows"][0] == [1, "x1 = 1"]


def test_a_program_without_temporaries_or_source() -> None:
    func = ir.parse("func f(%x: f32[3]) {\n  return %x\n}")
    found = report_data(record(func, passes()))
    assert found["files"] == []
    assert found["memory"]["tenants"] == []


def long_program(count: int) -> list[ir.Func]:
    steps = ("tanh({0})", "mul({0}, %w)", "add({0}, %x)", "matmul({0}, %w)")
    body, value = [], "%x"
    for k in range(count):
        body.append(f"  %v{k}: f32[8,8] = {steps[k % 4].format(value)}")
        value = f"%v{k}"
    text = "\n".join(["func long(%x: f32[8,8], %w: f32[8,8]) {", *body, f"  return {value}", "}"])
    func = ir.parse(text)
    return [func, PASSES["fuse"](func)]


def test_ten_thousand_instructions_take_a_time_in_proportion() -> None:
    def seconds(funcs: list[ir.Func]) -> float:
        start = time.process_time()
        assert len(numbered(funcs)[0].members) == len(funcs[0].body)
        return time.process_time() - start

    short, long = long_program(1000), long_program(10_000)
    # Collecting garbage takes as long as all that the other tests of this process keep.
    gc.disable()
    try:
        times = [(seconds(short), seconds(long)) for _ in range(3)]
    finally:
        gc.enable()
    assert min(long for _, long in times) < 40 * min(short for short, _ in times)
