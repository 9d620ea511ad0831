"""The wheel: the package's modules and data files are all in it, and nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BESIDE_THE_PACKAGE = {"tests", "examples", "benchmarks", "docs"}
MADE_BY_TOOLS = {"build", "dist", "__pycache__"}


@dataclass(frozen=True)
class Wheel:
    path: Path
    packed: set[str]  # the names in it
    sources: set[str]  # the names that the package's files should have in it

    def text(self, ending: str) -> str:
        [name] = [name for name in self.packed if name.endswith(ending)]
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name).decode()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Built from a copy of the checkout, so that building leaves nothing behind in it."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    shutil.copytree(ROOT, copy, ignore=_left_behind, symlinks=True)
    sources = _package_files(copy)
    path = _build(copy, folder / "out")
    with zipfile.ZipFile(path) as archive:
        return Wheel(path, set(archive.namelist()), sources)


def _left_behind(folder: str, names: list[str]) -> list[str]:
    """What is in a checkout without being source: hidden things, environments, what tools made."""
    return [name for name in names if _is_left_behind(Path(folder, name))]


def _is_left_behind(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix in (".egg-info", ".pyc"):
        return True
    return path.name in MADE_BY_TOOLS or (path / "pyvenv.cfg").exists()


def _package_files(root: Path) -> set[str]:
    """The root's Python files and every file in the package's folders, named as in the wheel."""
    files = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    at_root = [path for path in files if len(path.parts) == 1 and path.suffix == ".py"]
    in_folders = [path for path in files if len(path.parts) > 1]
    ours = [path for path in in_folders if path.parts[0] not in BESIDE_THE_PACKAGE]
    return {f"tapeout/{path.as_posix()}" for path in at_root + ours} - {"tapeout/setup.py"}


def _build(checkout: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    run = subprocess.run(
        [*command, str(checkout)], cwd=checkout.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"the wheel could not be built:\n{run.stdout}\n{run.stderr}"
    [path] = out.glob("*.whl")
    return path


def _modules(names: set[str]) -> set[str]:
    return {name for name in names if name.endswith(".py")}


def test_every_module_is_in_the_wheel(wheel: Wheel) -> None:
    missing = sorted(_modules(wheel.sources) - wheel.packed)
    assert not missing, f"not in the wheel (does each folder have an __init__.py?): {missing}"


def test_no_module_is_in_the_wheel_that_is_not_the_packages_own(wheel: Wheel) -> None:
    assert sorted(_modules(wheel.packed) - wheel.sources) == []


def test_every_data_file_is_in_the_wheel(wheel: Wheel) -> None:
    missing = sorted(wheel.sources - wheel.packed)
    advice = "list them under [tool.setuptools.package-data] in pyproject.toml"
    assert not missing, f"not in the wheel: {missing}; {advice}"


def test_the_digits_are_in_the_wheel_with_where_they_come_from(wheel: Wheel) -> None:
    data = {Path(name).suffix for name in wheel.packed if name.startswith("tapeout/data/")}
    assert {".npz", ".md"} <= data


def test_the_wheel_says_that_it_is_typed(wheel: Wheel) -> None:
    assert "tapeout/py.typed" in wheel.packed


def test_nothing_lands_beside_the_package(wheel: Wheel) -> None:
    folders = {name.split("/")[0] for name in wheel.packed}
    beside = {name for name in folders if not name.endswith(".dist-info")}
    assert beside == {"tapeout"}


def test_the_command_starts_a_module_of_the_wheel(wheel: Wheel) -> None:
    assert "tapeout = tapeout.__main__:main" in wheel.text("entry_points.txt").splitlines()
    assert "tapeout/__main__.py" in wheel.packed


def test_the_licence_is_in_the_wheel(wheel: Wheel) -> None:
    assert "License-Expression: Apache-2.0" in wheel.text(".dist-info/METADATA").splitlines()
    assert "Copyright 2026 The tapeout authors" in wheel.text("/LICENSE")


def test_the_package_imports_from_the_wheel_alone(wheel: Wheel, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel.path) as archive:
        archive.extractall(tmp_path)
    run = subprocess.run(
        [sys.executable, "-P", "-c", "import tapeout; print(tapeout.__file__)"],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()) == tmp_path / "tapeout" / "__init__.py"
