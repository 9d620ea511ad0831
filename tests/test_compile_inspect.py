"""What a compiled function tells of itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tapeout as t
from compiling import Training, X, Y
from tapeout import ir, nn


@pytest.fixture(scope="module")
def training() -> Training:
    made = Training("cpu")
    made.step(X, Y)
    return made


def test_the_stages_are_those_of_the_driver(training: Training) -> None:
    names = [s.name for s in training.step.stages]
    assert names == ["trace", "undetach", "simplify", "cse", "dce", "fuse", "schedule", "plan"]


def test_ir_is_the_text_of_a_stage(training: Training) -> None:
    trace = training.step.ir("trace")
    assert trace == str(training.step.stages[0].func)
    assert "%0.weight: f32[6,4]" in trace
    assert training.step.ir() == training.step.ir("fuse") != trace
    assert 'loc("' in training.step.ir("trace", locs=True)
    assert repr(trace) == trace  # as a prompt shows it


def test_code_is_there_for_each_kernel_and_for_all(training: Training) -> None:
    kernels = training.step.record().kernels
    name = kernels[0].name
    assert training.step.source().count("\ndef kernel(") == len(kernels)
    assert training.step.source(name).count("\ndef kernel(") == 1
    assert f"define void @{kernels[0].symbol}(" in training.step.llvm(name)
    assert f"{kernels[0].symbol}:" in training.step.asm(name)
    assert name in training.step.ir(kernel=name)


def test_explain_prints_a_page(training: Training, capsys: pytest.CaptureFixture[str]) -> None:
    training.step.explain()
    page = capsys.readouterr().out
    assert page.startswith("eager: ")
    assert "inputs\n  %x  f32[5,4]" in page
    assert "%lr" in page.partition("state that it reads\n")[2].partition("\n\n")[0]


def test_looking_does_not_disturb(training: Training) -> None:
    before = [p.clone() for p in training.model.parameters()]
    training.step.explain(), training.step.asm()
    assert all(t.equal(a, b) for a, b in zip(before, training.model.parameters(), strict=True))


def test_before_there_is_a_program_it_says_what_to_do() -> None:
    step = t.compile(lambda x: x + 1)
    with pytest.raises(ir.IRError, match=r"has not been compiled yet, .*\.compile\(spec\("):
        step.explain()


def test_it_speaks_of_the_program_that_ran_last() -> None:
    step = t.compile(t.tanh)
    step.compile(t.spec((3,)))
    assert "f32[3]" in step.ir()
    step(t.ones(2, 5))
    assert "f32[2,5]" in step.ir()
    step(t.ones(3))
    assert "f32[3]" in step.ir()


def test_the_interpreter_says_that_it_has_no_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    step = t.compile(t.tanh, backend="reference").compile(t.spec((3,)))
    step.explain()
    assert capsys.readouterr().out.startswith("The backend 'reference' runs what the passes made; ")


def test_a_compiled_module_can_be_seen_too() -> None:
    model = t.compile(nn.Linear(3, 2))
    model(t.ones(4, 3))
    assert "linear(" in model.ir()
    assert model.record().inputs == 1


def test_dumps_go_where_the_environment_says_one_folder_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEOUT_DUMP", str(tmp_path))

    def squared_sum(x: t.Tensor) -> t.Tensor:
        return (x * x).sum()

    step = t.compile(squared_sum)
    for size in (3, 4, 3, 4):
        step(t.ones(size))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["squared_sum", "squared_sum-2"]
    assert "f32[4]" in (tmp_path / "squared_sum-2" / "00-trace.tape").read_text()
    assert (tmp_path / "squared_sum" / "report.html").is_file()


def test_a_place_for_dumps_that_cannot_be_used_is_told_once_and_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TAPEOUT_DUMP", str(tmp_path / "file"))
    step = t.compile(t.tanh, backend="reference")
    with pytest.warns(UserWarning, match="TAPEOUT_DUMP=.*: nothing was dumped") as told:
        results = [step(t.zeros(n)).tolist() for n in (3, 1)]
    assert results == [[0, 0, 0], [0]]
    assert [w.filename for w in told] == [__file__]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda step: step.ir(3), "stage is a name, not 3"),
        (lambda step: step.ir(kernel=3), "kernel is a name, not 3"),
        (lambda step: step.report("report.html", 3), "profile is what profile.. returned, not 3"),
    ],
)
def test_other_kinds_of_arguments_are_refused(
    ask: Callable[[Any], object], told: str, training: Training
) -> None:
    with pytest.raises(TypeError, match=told):
        ask(training.step)


def test_a_profile_is_asked_for_with_a_number_of_threads(training: Training) -> None:
    with pytest.raises(ValueError, match="threads is an int of 1 or more, not 0"):
        training.step.profile(X, Y, threads=0)


def test_llvm_ir_does_not_say_what_was_compiled_before() -> None:
    steps = [t.compile(lambda x: (x * 2).sum(dim=1)) for _ in range(2)]
    first, second = (step.compile(t.spec((7, 9))).llvm() for step in steps)
    assert "define void" in first
    assert first == second


def test_inspection_is_not_imported_unless_it_is_used(tmp_path: Path) -> None:
    program = (
        "import sys, tapeout as t; t.compile(t.tanh, backend='reference')(t.ones(3));"
        "print([m for m in sys.modules if 'inspection' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "[]\n"
