"""The command line: inspect, diff, colours, errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tapeout import ir
from tapeout.__main__ import main
from tapeout.cli import colour, opt

PROGRAMS = Path(__file__).parent / "programs"
MLP = PROGRAMS / "mlp.tape"
SCRIPT = """
import tapeout as t
print("the script says hello")

@t.compile(backend="reference")
def scaled(x, y):
    return (x * 2 + y).sum()

x = t.ones(3, 4)
if __name__ == "__main__":
    scaled(t.ones(5), t.ones(5))
"""
ESCAPE = "\x1b["


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


def run(*arguments: str) -> tuple[int, str, str]:
    """A command in a process of its own: scripts want `import torch`, which other tests may have done already."""
    command = [sys.executable, "-m", "tapeout", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_inspect_shows_a_page_about_a_scripts_function(script: str) -> None:
    status, out, err = run("inspect", f"{script}:scaled")
    assert (status, err) == (0, "the script says hello\n")
    assert "\nscaled: " in out
    assert "%x  f32[5]" in out


def test_inspect_takes_a_call_in_place_of_one_that_the_script_makes(script: str) -> None:
    call = f"{script}:scaled(x, t.spec((4,)))"
    _, out, _ = run("inspect", call, "--no-main", "--stage", "trace")
    assert "func scaled(%x: f32[3,4], %y: f32[4]) {" in out


def test_a_function_that_was_not_called_says_how_to(script: str) -> None:
    status, _, err = run("inspect", f"{script}:scaled", "--no-main")
    assert status == 1
    assert "tapeout: scaled() has not been compiled yet" in err


@pytest.mark.parametrize(
    ("options", "begins"),
    [
        (["--stage", "fuse"], "func mlp(\n  %x: f32[4,6],\n"),
        (["--stage", "all"], "// trace\nfunc mlp("),
        (["--stages"], "trace             5 instructions"),
        (["--source"], "# linear_relu_"),
        (["--llvm", "--kernel", "cross_entropy"], "; cross_entropy_"),
        (["--asm", "--kernel", "linear"], "# linear_"),
        (["--kernel", "linear_relu"], "linear_relu_"),
        ([], "mlp: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_inspect_prints_what_is_asked_for(
    options: list[str], begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(MLP), *options]) == 0
    assert capsys.readouterr().out.startswith(begins)


def test_the_passes_of_a_text_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(MLP), "-p", "grad,dce", "--stages"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["trace", "grad", "dce", "schedule", "plan"]


def test_files_are_written_and_said_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, folder = tmp_path / "out.html", tmp_path / "dump"
    assert main(["inspect", str(MLP), "--html", str(page), "--dump", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"wrote {page}\nwrote {folder}\n")
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    assert (folder / "00-trace.tape").read_text() == str(ir.parse(MLP.read_text()))


def test_standard_input_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tapeout", "inspect", "-", "--stage", "trace"],
        input=MLP.read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == str(ir.parse(MLP.read_text()))


# ---- diff


def test_diff_says_by_its_status_whether_there_is_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.tape"
    other.write_text(MLP.read_text().replace("%z", "%logits"))
    assert main(["diff", str(MLP), str(other)]) == 0
    assert capsys.readouterr().out == ""
    other.write_text(MLP.read_text().replace("relu", "tanh").replace("%z", "%logits"))
    assert main(["diff", str(MLP), str(other), "-U", "0"]) == 1
    first, second, place, *lines = capsys.readouterr().out.splitlines()
    assert (first, second, place[:2]) == (f"--- {MLP}", f"+++ {other}", "@@")
    assert lines == ["-  %h: f32[4,5] = relu(%a)", "+  %h: f32[4,5] = tanh(%a)"]
    assert main(["diff", str(MLP), str(tmp_path / "none.tape")]) == 2
    told = f"{tmp_path / 'none.tape'}: No such file or directory; what is wanted is a .tape file"
    assert told in capsys.readouterr().err
    assert main(["diff", "-", "-"]) == 2
    assert "standard input can be read once" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["diff", str(MLP), str(other), "-U", "-1"])
    assert "a number of lines is 0 or more, not -1" in capsys.readouterr().err


# ---- mistakes


def body(line: str, type: str = "f32[3]") -> str:
    """A program of one line."""
    return f"func f(%weight: {type}) {{\n  {line}\n  return %y\n}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            body("%y: f32[3] = rleu(%weight)"),
            "line 2, column 16: unknown op 'rleu'; did you mean relu",
        ),
        (body("", "f33[3]"), "line 1, column 17: unknown dtype 'f33'; did you mean f32?"),
        (body("", "float32[3]"), "unknown dtype 'float32'; did you mean f32?"),
        (
            body("%y: f32[] = sum(%weight, dim=[0])"),
            "line 2, column 28: sum has no attribute 'dim'; did you mean dims or keepdim?",
        ),
        (body("%y: f32[3] = exp(%wieght)"), "%wieght is not defined; did you mean weight?"),
        (
            body("%y: f32[4] = exp(%weight)"),
            "line 2, column 3: %y: exp gives f32[3], but the binder says f32[4]",
        ),
        (
            body("%7: f32[4] = exp(%weight)\n  %y: f32[4] = exp(%7)"),
            "line 2, column 3: %7: exp gives f32[3], but the binder says f32[4]\n    %7: f32[4]",
        ),
        (
            body(
                "%7: f32[4] = neg_exp(%weight) {\n  %8: f32[4] = neg(%weight)\n  yield exp(%8)}\n  %y: f32[3] = exp(%7)"
            ),
            "line 3, column 3: %8: neg gives f32[3], but the binder says f32[4]\n    %8: f32[4]",
        ),
        (
            body("%y: f32[3] = exp(%weight)").replace(
                "return %y", "return %y as %weight, %y as %weight"
            ),
            "line 3, column 3: %weight: f32[3] is updated twice by the return\n    return %y",
        ),
        (body("%y: f32[3] = exp()"), "line 2, column 3: exp takes 1 operand, not 0\n"),
        ("", "line 1, column 1: expected func, found 'end of text'"),
        ("\x00\x01", "line 1, column 1: unexpected character"),
        (body("", f"f32[{'9' * 500}]"), "a dimension is a size or a name"),
    ],
    ids=[
        "op",
        "dtype",
        "long dtype",
        "attribute",
        "value",
        "type",
        "type of a number",
        "type in a body",
        "return",
        "operands",
        "empty",
        "bytes",
        "long number",
    ],
)
@pytest.mark.parametrize("command", [["opt"], ["inspect"], ["diff", str(MLP)]], ids=lambda c: c[0])
def test_a_bad_text_is_told_with_its_file_and_no_traceback(
    command: list[str], text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.tape"
    bad.write_text(text)
    assert main([*command, str(bad)]) in (1, 2)
    err = capsys.readouterr().err
    assert err.startswith(f"tapeout: {bad}: ")
    assert message in err
    assert "Traceback" not in err


def test_bytes_that_are_no_text_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.tape"
    bad.write_bytes(b"func \xff")
    assert main(["opt", str(bad)]) == 1
    assert f"tapeout: {bad}: no IR text: byte 5 is not UTF-8" in capsys.readouterr().err


def test_what_editors_put_before_a_text_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = tmp_path / "marked.tape"
    marked.write_text(MLP.read_text(), encoding="utf-8-sig")
    assert main(["diff", str(MLP), str(marked)]) == 0


@pytest.mark.parametrize("command", ["inspect", "profile"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def g():\n    open('nope')\ng()", "nope'\n{path}:2, in g\n"),
        ("x = 1\nopen('nope')", "nope'\n{path}:2\n"),
        ("x = (1 +\ny = 2", "{path}:1: '(' was never closed\n  x = (1 +\n      ^\n"),
        ("\0", "{path}: source code"),
    ],
    ids=["in a function", "at the top", "syntax", "binary"],
)
def test_an_error_of_a_script_has_its_place(
    command: str, text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text)
    status, _, err = run(command, str(path))
    assert status == 1
    assert err.startswith("tapeout: ")
    assert told.format(path=path) in err


@pytest.mark.parametrize("module", ["nope", "json.nope"])
def test_a_module_that_is_not_there_is_one_line(module: str) -> None:
    assert run("run", "-m", module) == (1, "", f"tapeout: there is no module {module}\n")


def test_an_unforeseen_error_of_a_script_has_its_place_too(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("def g():\n    1 / 0\ng()\n")
    _, _, err = run("inspect", str(path))
    assert err.endswith(f"shows where\n{path}:2, in g\n")


def test_an_unforeseen_error_is_one_line_too_unless_a_traceback_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object) -> None:
        error = KeyError("lost")
        error.add_note("a note of it")
        raise error

    monkeypatch.setattr(opt, "run_passes", fail)
    assert main(["opt", str(MLP)]) == 1
    assert capsys.readouterr().err == (
        "tapeout: KeyError: 'lost'; --traceback, after the command, shows where\na note of it\n"
    )
    with pytest.raises(KeyError):
        main(["opt", str(MLP), "--traceback"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("raise ValueError('mine')", "ValueError: mine\n"),
        ("open('nope')", "FileNotFoundError: [Errno 2] No such file or directory: 'nope'\n"),
        ("torch.nn.Linear(5, 2)(torch.zeros(3, 4))", "/wrong.py:4: {line}\n"),
    ],
    ids=["its own", "the system's", "tapeout's"],
)
def test_a_script_shows_its_errors_as_python_does(line: str, told: str, tmp_path: Path) -> None:
    """But for the frames that are not its own."""
    path = tmp_path / "wrong.py"
    path.write_text(f"import torch\n\ndef g():\n    {line}\n\ng()\n")
    status, _, err = run("run", str(path))
    assert status == 1
    err = re.sub(r"^ *[~^]+\n", "", err, flags=re.M)  # under the lines, from some versions on
    assert err.startswith(f"""Traceback (most recent call last):
  File "{path}", line 6, in <module>
    g()
  File "{path}", line 4, in g
    {line}
""")
    assert err.count("  File ") == 2
    assert err.endswith(told.format(path=path, line=line))
    status, _, err = run("run", "--traceback", str(path))
    assert err.count("  File ") > 4


def test_the_errors_behind_an_error_of_a_script_are_shown_without_ours_too(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(
        "import torch\ntry:\n    torch.zeros(2) + torch.zeros(3)\nexcept RuntimeError as e:\n"
        "    raise KeyError('outer') from e\n"
    )
    _, _, err = run("run", str(path))
    assert "The above exception was the direct cause" in err
    assert err.count("  File ") == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [("x = (1 +\ny = 2", "{path}:1: '(' was never closed\n"), ("\0", "{path}: source code")],
    ids=["syntax", "binary"],
)
def test_a_script_that_cannot_be_read_is_told_with_its_place(
    text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text)
    status, _, err = run("run", str(path))
    assert status == 1
    assert err.startswith("tapeout: ")
    assert told.format(path=path) in err


@pytest.mark.parametrize("command", ["run", "inspect", "opt", "diff", "ops", "cache"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "--traceback" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["opt", "diff"])
def test_a_script_in_place_of_ir_text_is_told(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.py"
    path.write_text("x = 1\n")
    assert main([command, *[str(path)] * (2 if command == "diff" else 1)]) != 0
    err = capsys.readouterr().err
    assert f"{path} is Python, and what is wanted is IR text: `tapeout inspect {path}:NAME" in err


def test_ir_text_in_place_of_a_script_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", str(MLP)]) == 1
    assert f"`tapeout inspect {MLP} --compile` shows" in capsys.readouterr().err


# ---- colour


def test_a_pipe_has_no_colour_and_a_terminal_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["opt", str(MLP)])
    plain = capsys.readouterr().out
    assert ESCAPE not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["opt", str(MLP)])
    painted = capsys.readouterr().out
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain
    assert "\x1b[33mrelu\x1b[0m(\x1b[36m%a\x1b[0m)" in painted
    monkeypatch.setenv("NO_COLOR", "1")
    main(["opt", str(MLP)])
    assert capsys.readouterr().out == plain


@pytest.mark.parametrize("dumb", [False, True])
def test_a_terminal_is_asked_what_it_can_do(dumb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "dumb" if dumb else "xterm")
    assert colour.is_wanted(Terminal()) is not dumb  # type: ignore[arg-type]


def test_what_went_and_what_came_have_colours() -> None:
    assert colour.diff("@@ -1\n-a\n+b\n c\n") == (
        "\x1b[36m@@ -1\x1b[0m\n\x1b[31m-a\x1b[0m\n\x1b[32m+b\x1b[0m\n c\n"
    )
    assert colour.code("# of it\nmov\n").startswith("\x1b[90m# of it\x1b[0m\nmov")
    assert colour.page("fused\n  a\n") == "\x1b[1mfused\x1b[0m\n  a\n"
