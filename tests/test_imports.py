"""What `import tapeout` leaves alone until it is needed, and the names that are fetched late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import tapeout
from tapeout import lazy

HEAVY = (
    "numba", "llvmlite", "urllib.request", "http.client", "ssl", "socket", "email", "gzip", "lzma", "bz2",
    "shutil", "tempfile", "hashlib", "secrets", "random", "json", "multiprocessing", "concurrent.futures",
    "asyncio", "logging", "argparse", "difflib", "importlib.metadata", "platformdirs", "safetensors", "PIL",
    "numpy.random", "tapeout.data", "tapeout.optim",
)  # fmt: skip
DOWNLOADING = ("urllib.request", "ssl", "socket", "gzip", "tapeout.data.download")


def loaded_by(program: str) -> set[str]:
    """The modules that a fresh Python has loaded after a program, without those that NumPy loads."""
    listing = "\nimport sys\nprint(*sys.modules)"
    found = [
        subprocess.run(
            [sys.executable, "-c", before + listing], capture_output=True, text=True, check=True
        )
        for before in (program, "import numpy")
    ]
    ours, numpys = (set(each.stdout.split()) for each in found)
    return ours - numpys


@pytest.mark.parametrize(
    "program, heavy",
    [("import tapeout", HEAVY), ("from tapeout.data import DataLoader", DOWNLOADING)],
    ids=["tapeout", "a loader"],
)
def test_nothing_heavy_is_imported(program: str, heavy: tuple[str, ...]) -> None:
    assert sorted(loaded_by(program) & set(heavy)) == []


STEP = """
import tapeout
from tapeout import nn
model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
optimizer = tapeout.optim.Adam(model.parameters())
@tapeout.compile
def step(x, y):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss
step(tapeout.ones(5, 4), tapeout.zeros(5, dtype=tapeout.int64))
"""


def test_a_program_from_the_cache_needs_no_compiler(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))

    def compiler() -> set[str]:
        late = ("numba", "numpy.ma", "tapeout.ir.passes.", "tapeout.backends.cpu.lower")
        return {name for name in loaded_by(STEP) if name.startswith(late)}

    assert {"numba", "tapeout.ir.passes.fuse", "tapeout.backends.cpu.lower"} <= compiler()
    assert compiler() == set()


def test_the_check_sees_what_is_imported() -> None:
    assert "urllib.request" in loaded_by("import tapeout; tapeout.data.MNIST")


PAGES = [tapeout, tapeout.data]


def late_imports(page: ModuleType) -> tuple[dict[str, str], dict[str, str]]:
    """The late names of a page with their homes: as type checkers see them, and as its table has them."""
    tree = ast.parse(Path(str(page.__file__)).read_text(encoding="utf-8"))
    [guarded] = [node for node in tree.body if isinstance(node, ast.If)]
    [table] = [node for node in ast.walk(guarded) if isinstance(node, ast.Dict)]
    seen = {
        str(alias.asname): f".{node.module or alias.name}"
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return seen, ast.literal_eval(table)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_what_type_checkers_see_is_what_is_fetched(
    page: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, table = late_imports(page)
    assert seen == table
    for name in table:
        monkeypatch.delattr(page, name, raising=False)
        assert name in dir(page)
        found = getattr(page, name)
        assert found.__name__.rpartition(".")[2] == name
        assert vars(page)[name] is found


def test_a_page_without_the_name_says_so() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'Mnist'$"):
        tapeout.data.Mnist


def test_a_late_module_is_imported_when_it_is_used() -> None:
    program = "import sys; from tapeout import lazy; late = lazy.module('colorsys')\n{}"
    assert "colorsys" not in loaded_by(program.format("late"))
    assert "colorsys" in loaded_by(program.format("late.rgb_to_hsv"))


def test_a_late_module_answers_as_the_module_does() -> None:
    late = lazy.module("colorsys")
    assert late.rgb_to_hsv(1.0, 0.0, 0.5) == (pytest.approx(11 / 12), 1.0, 1.0)
    with pytest.raises(AttributeError, match="module 'colorsys' has no attribute 'rgb_to_cmyk'"):
        late.rgb_to_cmyk


@pytest.mark.parametrize(
    "line",
    [
        "from tapeout.utils.data import DataLoader",
        "import tapeout.utils.data; DataLoader = tapeout.utils.data.DataLoader",
        "import tapeout.utils.data as d; DataLoader = d.DataLoader",
        "import tapeout as torch; DataLoader = torch.utils.data.DataLoader",
        "import tapeout; tapeout.install_as_torch(); from torch.utils.data import DataLoader",
    ],
)
def test_data_is_found_where_pytorch_has_it(line: str) -> None:
    program = f"{line}\nimport tapeout.data\nassert DataLoader is tapeout.data.DataLoader"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
