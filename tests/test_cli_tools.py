"""The commands that measure: profile, doctor, bench; and finding a compiled function in a script."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path
from types import SimpleNamespace

import pytest

from tapeout.__main__ import main
from tapeout.cli import bench, doctor
from tapeout.cli import script as script_room
from tapeout.inspection import limits as measuring
from tapeout.inspection import machine


@pytest.fixture(autouse=True)
def _torch_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process may have imported PyTorch, whose place cannot be taken then."""
    monkeypatch.setattr(script_room, "install_as_torch", lambda: None)


SCRIPT = """
import tapeout as torch

weight = torch.ones(7, requires_grad=True)
x = torch.arange(7.0)


@torch.compile
def step(x, scale=1):
    loss = (weight * x * scale).sum()
    return loss


def plain(x):
    return x


print("hello from the script")
if __name__ == "__main__":
    step(x)
    print("and from its end")
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure in no time, and leave what a command changes in this process as it was."""
    monkeypatch.setattr(measuring, "SECONDS", 1e-5)
    monkeypatch.setattr(measuring, "ROUNDS", 1)
    monkeypatch.setattr(measuring, "FAR_BYTES", 1 << 20)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", [*sys.argv])


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


# ---- profile


@pytest.mark.parametrize("target", [":step", ""], ids=["named", "the only one"])
def test_a_script_is_run_and_its_function_timed(
    script: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", script + target, "--steps", "3", "--threads", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("step: ")
    assert "a step on 1 thread (median of 3)" in out
    assert err == "hello from the script\nand from its end\n"


def test_a_call_says_what_it_is_timed_with(
    script: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = {kind: tmp_path / kind for kind in ("json", "trace", "plot")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    command = ["profile", f"{script}:step(x[:5] if 0 else x, scale=3)", "--no-main", "--steps", "2"]
    assert main([*command, *options]) == 0
    out, err = capsys.readouterr()
    assert "and from its end" not in out + err
    assert json.loads(files["json"].read_text())["steps"] == 2
    assert json.loads(files["trace"].read_text())["traceEvents"]
    assert Xml.parse(files["plot"]).getroot().tag.endswith("svg")


def test_figures_instead_of_the_table(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", f"{script}:step", "--steps", "2", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "step"


@pytest.mark.parametrize(
    "target, told",
    [
        (":stp", "has no 'stp'; did you mean step?"),
        (":plain", "is function, not a compiled function; write @tapeout.compile above it"),
        (":plain", "(compiled functions there: step)"),
        (":step(x", "'step(x' is not a name or a call: '(' was never closed"),
        (":step(y)", "has no 'y'"),
        (":step", "step() has not been compiled yet"),
        (".missing:step", "there is no script"),
    ],
)
def test_what_cannot_be_timed(
    script: str, target: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", f"{script}{target}", "--no-main", "--steps", "2"]) == 1
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_a_script_with_two_functions_needs_a_name(
    script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(script, "a") as file:
        file.write("\nother = torch.compile(plain)\n")
    assert main(["profile", script, "--no-main"]) == 1
    assert "compiled functions there: step, other" in capsys.readouterr().err


# ---- doctor


def test_doctor_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = {line.split()[0]: line for line in lines if line[0] != " "}
    assert list(found) == [
        *("python", "system", "packages", "cpu", "caches", "threads"),
        *("compiler", "limits", "cache", "gpu"),
    ]
    assert "numba 0." in found["packages"]
    assert "-bit vectors" in found["cpu"]
    assert "works" in found["compiler"]
    assert "GFLOP/s f32" in found["limits"]


def test_doctor_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--measure"]) == 0
    assert "GB/s" in json.loads(capsys.readouterr().out)["limits"]


def test_doctor_says_what_does_not_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise RuntimeError("no code today")

    monkeypatch.setattr(doctor._machine, "tried", broken)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "compiler  FAILED: RuntimeError: no code today" in out
    assert "\ngpu " in out


def test_doctor_sees_wrong_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "TRIAL", machine.TRIAL.replace("mul", "add"))
    with pytest.raises(RuntimeError, match=r"squares \[0.0, 1.0, 2.0, 3.0, 4.0\] to \[0.0, 2.0, "):
        machine.tried()


def test_the_cache_may_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE", "0")
    assert machine.stored() == "off (TAPEOUT_CACHE=0)"


@pytest.mark.parametrize("nbytes, text", [(700, "700 bytes"), (1536, "1.5 kB"), (3 << 20, "3 MB")])
def test_sizes(nbytes: int, text: str) -> None:
    assert machine.size(nbytes) == text


# ---- bench


def test_bench_hands_its_options_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], check: bool) -> SimpleNamespace:
        ran.append(command)
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["bench", "--quick", "--cores", "1", "--help"]) == 7
    assert ran == [[sys.executable, str(bench.SCRIPT), "--quick", "--cores", "1", "--help"]]


def test_bench_says_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "SCRIPT", tmp_path / "training.py")
    assert main(["bench"]) == 1
    assert "the benchmarks come with tapeout's sources" in capsys.readouterr().err
