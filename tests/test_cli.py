"""The command line: opt, run, ops."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from weakref import WeakValueDictionary

import pytest

import tapeout
from tapeout.__main__ import main
from tapeout.compiler import build
from tapeout.runtime import cache

PROGRAMS = Path(__file__).parent / "programs"


def test_opt_prints_the_program_after_the_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(PROGRAMS / "algebra.tape"), "-p", "simplify"]) == 0
    assert "matmul(%h, %x, transpose_a=true)" in capsys.readouterr().out


def test_opt_without_passes_prints_the_canonical_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(PROGRAMS / "repeated.tape")]) == 0
    assert capsys.readouterr().out.startswith(
        "func repeated(%x: f32[3], %y: f32[3]) {\n  %a: f32[3] = add(%x, %y)\n"
    )


def test_opt_prints_after_all_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            ["opt", str(PROGRAMS / "repeated.tape"), "-p", "cse,dce", "--print-after-all", "--time"]
        )
        == 0
    )
    out, err = capsys.readouterr()
    first, second = out.split("// after dce:\n")
    assert first.startswith("// after cse:\nfunc repeated")
    assert "%dead" in first
    assert "%dead" not in second
    assert [line.split()[0] for line in err.splitlines()] == ["cse", "dce"]


def test_opt_reads_standard_input_and_writes_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.tape"
    text = (PROGRAMS / "mlp.tape").read_text()
    command = [
        sys.executable,
        "-m",
        "tapeout",
        "opt",
        "-",
        "-p",
        "grad,simplify,cse,dce,fuse",
        "-o",
        target,
    ]
    subprocess.run(command, input=text, text=True, check=True, cwd=tmp_path, timeout=60)
    assert "linear_relu(" in target.read_text()
    assert main(["opt", str(target)]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["opt", "missing.tape"], "missing.tape"),
        (
            ["opt", str(PROGRAMS / "mlp.tape"), "-p", "polish"],
            "unknown pass 'polish'; there are cse, dce",
        ),
        (["run", "missing.py"], "there is no script missing.py"),
        (
            ["opt", str(PROGRAMS / "mlp.tape"), "-p", "fus"],
            "unknown pass 'fus'; did you mean fuse?",
        ),
        (["ops", "rleu"], "there is no op 'rleu'; did you mean relu"),
        (["inspect", "a.tape:f"], "a.tape is a program, not a script: leave out :f"),
        (["inspect", "a.py:f", "-p", "cse"], "-p is for .tape files"),
        (
            ["inspect", str(PROGRAMS / "mlp.tape"), "--stage", "fus"],
            "has no stage 'fus'; did you mean fuse?\n",
        ),
        (
            ["inspect", str(PROGRAMS / "mlp.tape"), "--stage", "zzz"],
            "has no stage 'zzz'; there are cse, dce, fuse, plan, schedule, simplify, trace, undetach\n",
        ),
        (["opt", "."], ".: Is a directory; what is wanted is a .tape file, or -"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("tapeout: ")
    assert message in err
    assert err.count("\n") == 1


def test_opt_shows_where_a_text_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.tape"
    bad.write_text("func f(%x: f32[3]) {\n  %y: f32[3] = rleu(%x)\n  return %y\n}\n")
    assert main(["opt", str(bad)]) == 1
    assert "line 2, column 16: unknown op 'rleu'" in capsys.readouterr().err


def test_ops_lists_every_op(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops"]) == 0
    out = capsys.readouterr().out
    assert "linear              x·weightᵀ" in out
    assert main(["ops", "relu"]) == 0
    assert capsys.readouterr().out.startswith("relu ")


def test_a_pass_that_changes_nothing_says_only_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(PROGRAMS / "repeated.tape"), "-p", "cse,cse", "--print-after-all"]) == 0
    assert capsys.readouterr().out.endswith("// after cse: changed nothing\n")


def test_an_op_shows_its_attributes_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "mean"]) == 0
    out = capsys.readouterr().out
    assert "attributes: dims, keepdim=false" in out
    assert "for example mean(f64[2,3], dims=[0,1])" in out


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "run a PyTorch script on tapeout" in capsys.readouterr().out


def test_output_that_nobody_reads_to_the_end_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m tapeout ops | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stderr == ""


def test_cache_lists_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    key = cache.cache_key("kernel", "a")
    cache.put(key, b"x" * 3000)
    assert main(["cache", "list"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{key[:16]}        ")
    assert "kB  used 0 seconds ago" in first
    assert last == f"1 entries, {first.split()[1]} kB in {tmp_path}"
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out.endswith(f" kB freed in {tmp_path}\n")
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out == f"0 entries, 0 bytes in {tmp_path}\n"


def test_cache_says_how_much_there_is_of_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    for name in ("a", "b"):
        monkeypatch.setattr(build, "_made", WeakValueDictionary())
        step = tapeout.compile(lambda x: (x + 1).sum(), backend="cpu")
        step.compile(tapeout.spec((ord(name), 5)))
    cache.put(cache.cache_key("doctor"), b"something else")
    assert main(["cache"]) == 0
    *kinds, last = (line.split() for line in capsys.readouterr().out.splitlines())
    found = {name: int(count) for name, count, *_ in kinds}
    assert found.pop("kernels") >= 2  # and what the runtime assembles, unless this process has it
    assert found == {"other": 1, "programs": 2}
    assert last[1] == "entries,"


def test_a_closed_standard_output_is_no_mystery() -> None:
    done = subprocess.run(
        f"{sys.executable} -m tapeout opt {PROGRAMS / 'mlp.tape'} >&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "standard output is closed" in done.stderr


def test_a_cache_that_is_off_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE", "0")
    assert main(["cache"]) == 0
    assert capsys.readouterr().out == "the cache is off (TAPEOUT_CACHE=0)\n"
