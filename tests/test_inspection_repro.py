"""What a failing compiler leaves behind: the last good stage, a small program, and a command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import tapeout
from tapeout import ir
from tapeout.__main__ import main
from tapeout.backends.cpu import program as cpu_program
from tapeout.backends.cpu.lower import rule
from tapeout.compiler import build as compile_build
from tapeout.compiler.passes import passes
from tapeout.inspection.reduce import part, same_failure, smallest
from tapeout.inspection.repro import save
from tapeout.ir.ops.transcendental import Tanh
from tapeout.ir.passes import PASSES, Pass

MLP = ir.parse((Path(__file__).parent / "programs" / "mlp.tape").read_text())


def refuses_tanh(func: ir.Func) -> ir.Func:
    """A broken pass."""
    if any(isinstance(i.op, Tanh) for i in func.body):
        raise ArithmeticError("tanh is too much")
    return func


def program() -> ir.Func:
    """Long enough to make smaller; only one instruction of it is at fault."""
    lines = [f"  %a{i}: f32[5,4] = add({f'%a{i - 1}' if i else '%x'}, %w)" for i in range(9)]
    lines += ["  %t: f32[5,4] = tanh(%a8)", "  %m: f32[5,5] = matmul(%t, %x, transpose_b=true)"]
    return ir.parse(
        "\n".join(
            ["func long(%x: f32[5,4], %w: f32[5,4]) {", *lines, "  return %m, %a3 as %w", "}"]
        )
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPEOUT_DUMP", str(tmp_path / "dump"))
    return tmp_path / "dump"


def saved(func: ir.Func, listed: list[Pass]) -> str:
    error = ArithmeticError("first")
    save(error, func, listed)
    (note,) = error.__notes__
    return note


def test_a_failing_pass_is_named_with_the_program_before_it(folder: Path) -> None:
    broken = Pass("polish", refuses_tanh, "")
    note = saved(program(), [PASSES["simplify"], broken, PASSES["fuse"]])
    before, repro = folder / "long-before-polish.tape", folder / "long-polish-repro.tape"
    assert note == (
        f"the pass 'polish' fails on {before}; the smallest part that fails so (1 of 11 instructions) is in {repro}, "
        f"and this runs it again:\n  tapeout opt {repro} -p polish --traceback"
    )
    assert ir.parse(before.read_text()).body[9].op.name == "tanh"
    small = ir.verify(ir.parse(repro.read_text()))
    assert [i.op.name for i in small.body] == ["tanh"]
    with pytest.raises(ArithmeticError):
        refuses_tanh(small)


def test_a_pass_that_makes_an_unsound_program_is_the_one_at_fault(folder: Path) -> None:
    def forgets(func: ir.Func) -> ir.Func:
        return ir.Func(func.name, func.args, func.body[1:], func.results)

    note = saved(MLP, [PASSES["cse"], Pass("forget", forgets, ""), PASSES["dce"]])
    assert note.startswith("the pass 'forget' fails on ")


def test_a_failing_backend_can_be_run_again_from_the_command_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(job: rule.Job) -> None:
        raise ir.IRError("there is no code for matmul today")

    kinds = {cls: refuse for cls in rule.RULES if cls.name == "matmul"}
    monkeypatch.setattr(rule, "RULES", {**rule.RULES, **kinds})
    note = saved(program(), passes())
    assert note.startswith(f"the backend fails on {folder / 'long-before-backend.tape'}; ")
    command = note.splitlines()[-1].split()
    assert command == [
        "tapeout",
        "inspect",
        str(folder / "long-backend-repro.tape"),
        "-p",
        "''",
        "--compile",
        "--traceback",
    ]
    assert main([*command[1:3], "-p", "", "--compile"]) == 1
    assert capsys.readouterr().err == "tapeout: there is no code for matmul today\n"


def test_a_failure_at_the_very_end_can_be_run_again_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object) -> None:
        raise ir.IRError("no room for the step")

    monkeypatch.setenv("TAPEOUT_DUMP", str(tmp_path / "a folder"))
    monkeypatch.setattr(cpu_program, "step_text", fail)
    command = saved(program(), passes()).splitlines()[-1]
    words = shlex.split(command)
    assert Path(words[2]).is_file()
    assert main(words[1:-1]) == 1
    assert capsys.readouterr().err == "tapeout: no room for the step\n"


def test_a_failure_that_does_not_come_again_says_so(folder: Path) -> None:
    note = saved(MLP, passes())
    assert (
        note == f"the compiler fails, but not again; the program is in {folder / 'mlp-trace.tape'}"
    )
    assert ir.parse((folder / "mlp-trace.tape").read_text()).name == "mlp"


def test_an_error_is_not_hidden_by_what_goes_wrong_while_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TAPEOUT_DUMP", str(tmp_path / "file"))
    assert re.match(r"what led to it could not be saved: .*exists", saved(MLP, passes()))


def test_a_compiled_function_that_cannot_be_compiled_tells_where_to_look(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [PASSES["simplify"], Pass("polish", refuses_tanh, "")]
    monkeypatch.setattr(compile_build._passes, "passes", lambda: broken, raising=False)
    monkeypatch.setattr(compile_build._passes, "optimised", refuses_tanh, raising=False)
    step = tapeout.compile(lambda x: tapeout.tanh(x) * 2, backend="reference")
    with pytest.raises(ArithmeticError, match="tanh is too much") as caught:
        step(tapeout.ones(3))
    assert "the pass 'polish' fails on" in caught.value.__notes__[0]
    assert re.search(
        r"\(1 of 2 instructions, from \S*test_inspection_repro.py:\d+\)", caught.value.__notes__[0]
    )
    (found,) = folder.glob("*-polish-repro.tape")
    assert 'loc("' in found.read_text()  # where it comes from


# ---- making programs smaller


def test_a_part_takes_what_it_reads_as_arguments_and_keeps_updates() -> None:
    func = program()
    made = ir.verify(part(func, func.body[2:5]))
    assert [a.name for a in made.args] == ["w", "a1"]
    assert [(r.value.name, r.into and r.into.name) for r in made.results] == [
        ("a3", "w"),
        ("a4", None),
    ]


def test_the_smallest_part_needs_all_that_fails_together() -> None:
    def attempt(func: ir.Func) -> None:
        ir.verify(func)
        names = {i.op.name for i in func.body}
        if {"tanh", "add"} <= names:
            raise KeyError(names)

    found = smallest(program(), same_failure(KeyError(), attempt))
    assert sorted(i.op.name for i in found.body) == ["add", "tanh"]


def test_another_failure_does_not_count() -> None:
    def attempt(func: ir.Func) -> None:
        if len(func.body) < 11:
            raise ValueError("too short")
        raise KeyError("the one")

    func = program()
    assert smallest(func, same_failure(KeyError(), attempt)).body == func.body
