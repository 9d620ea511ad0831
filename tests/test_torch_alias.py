"""`tapeout run`: PyTorch scripts run unmodified, and what is missing says so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tapeout.data.idx import write_idx

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=120,
    )


def tapeout_run(*arguments: object, cwd: Path) -> str:
    done = run("-m", "tapeout", "run", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    def execute(text: str) -> str:
        path = tmp_path / "script.py"
        path.write_text(text)
        return tapeout_run(path, "one", "two", cwd=tmp_path)

    return execute


@pytest.mark.parametrize("name", ["autograd_basics", "regression"])
def test_an_example_prints_what_pytorch_prints(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    expected = run(EXAMPLES / f"{name}.py", cwd=tmp_path)
    assert expected.returncode == 0, expected.stderr
    assert tapeout_run(EXAMPLES / f"{name}.py", cwd=tmp_path) == expected.stdout


def test_the_digits_example_learns(tmp_path: Path) -> None:
    done = run(EXAMPLES / "digits.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line.startswith("epoch")]) == 20
    assert float(re.search(r"accuracy ([\d.]+)%", lines[-1])[1]) > 93


def small_mnist(root: Path) -> None:
    """Images whose upper left tells the digit, so that a classifier has something to learn."""
    rng = np.random.default_rng(0)
    raw = root / "MNIST" / "raw"
    for name, count in (("train", 320), ("t10k", 100)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label : 2 * label + 2, :10] = 250
        write_idx(raw / f"{name}-images-idx3-ubyte", images)
        write_idx(raw / f"{name}-labels-idx1-ubyte", labels)


def test_the_mnist_example_runs_on_small_files(tmp_path: Path) -> None:
    small_mnist(tmp_path / "downloads")
    out = tapeout_run(EXAMPLES / "mnist_mlp.py", cwd=tmp_path).splitlines()
    assert re.fullmatch(r"epoch 2: mean loss [\d.]+", out[1])
    accuracy = re.fullmatch(r"accuracy on 100 test images: ([\d.]+) %", out[2])
    assert accuracy
    assert float(accuracy[1]) > 50


def test_a_script_sees_its_own_arguments_and_neighbours(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    out = script("import sys, neighbour\nprint(sys.argv[1:], neighbour.VALUE, __name__)")
    assert out == "['one', 'two'] 7 __main__\n"


def test_every_way_to_import(script: Callable[[str], str]) -> None:
    out = script(
        "import torch, torch.nn as nn, torch.utils.data, torchvision\n"
        "import torch.nn.functional as F\n"
        "from torch import nn as nn2, optim\n"
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "from torch.optim.lr_scheduler import StepLR\n"
        "from torchvision import datasets, transforms\n"
        "from torch.autograd import grad\n"
        "print(nn.Linear is nn2.Linear, torch.nn.Linear is nn.Linear, F.relu(torch.tensor([-1.0, 2.0])))\n"
        "print(hasattr(torch, 'nonsense'), isinstance(torch.zeros(1), torch.Tensor))\n"
    )
    assert out == "True True tensor([0., 2.])\nFalse True\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "from torch.nn import Conv2d",
            "'torch.nn.Conv2d' is not there yet in tapeout.*; instead, flatten the image",
        ),
        (
            "import torch; torch.jit",
            "'torch.jit' is not there yet in tapeout.*instead, tapeout.trace",
        ),
        (
            "import torch; torch.nonsense",
            "'torch.nonsense' is not there yet in tapeout, which serves 'torch'",
        ),
        ("import torch.distributed", "'torch.distributed' is not there yet in tapeout"),
    ],
)
def test_a_missing_name_says_what_to_use(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(line)
    done = run("-m", "tapeout", "run", path, cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(message, done.stderr)


def test_a_failing_script_fails(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import torch\nlayer = torch.nn.Linear(5, 3)\n\nout = layer(torch.zeros(2, 4))\n"
    )
    done = run("-m", "tapeout", "run", path, cwd=tmp_path)
    assert done.returncode == 1
    assert "has 4 features, but the weight f32[3,5] takes 5" in done.stderr
    assert "script.py:4: out = layer(torch.zeros(2, 4))" in done.stderr


def test_install_after_the_real_one_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = run(
        "-c",
        "import torch\nfrom tapeout.torch_alias import install_as_torch\ninstall_as_torch()",
        cwd=tmp_path,
    )
    assert "torch is imported already" in done.stderr
    assert "start the program with `tapeout run`" in done.stderr


def test_install_and_uninstall(tmp_path: Path) -> None:
    code = (
        "import sys, tapeout\ntapeout.install_as_torch()\ntapeout.install_as_torch()\nimport torch\n"
        "print(torch.tensor([1.0]))\nfrom tapeout.torch_alias import uninstall\nuninstall()\n"
        "print('torch' in sys.modules)"
    )
    assert run("-c", code, cwd=tmp_path).stdout == "tensor([1.])\nFalse\n"


def test_a_misspelt_name_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("import torch\ntorch.nn.Linaer(2, 3)\n")
    assert "did you mean 'Linear'?" in run("-m", "tapeout", "run", path, cwd=tmp_path).stderr


def test_the_compilers_rooms_are_no_names_of_pytorchs(script: Callable[[str], str]) -> None:
    """Not even when they have been imported."""
    text = """
import torch
torch.compile(lambda x: x * 2)(torch.ones(3))
print([name for name in ("ir", "cli", "runtime", "tracer", "compiler", "backends") if hasattr(torch, name)])
print([name for name in ("ir", "runtime", "tracer", "compiler", "backends") if name in dir(torch)])
print(torch.nn.functional.relu(torch.tensor([-1.0])), torch.optim.SGD.__name__, torch.utils.data.DataLoader.__name__)
try:
    torch.backends.cudnn
except AttributeError as error:
    print(error)
"""
    rooms, listed, known, told = script(text).splitlines()
    assert (rooms, listed) == ("[]", "[]")
    assert known == "tensor([0.]) SGD DataLoader"
    assert told.startswith("'torch.backends' is not there yet")
    assert told.endswith("instead, leave the setting out")


def test_the_version_is_the_one_that_is_stood_for(script: Callable[[str], str]) -> None:
    text = """
import torch, torchvision
print(tuple(map(int, torch.__version__.split("+")[0].split("."))) >= (2, 13), torchvision.__version__)
"""
    assert script(text) == "True 0.28.0+tapeout\n"
