"""One epoch of 60,000 × 784 in batches of 64: tapeout's DataLoader beside PyTorch's, from data in memory.

Both are seeded alike, and every batch of an epoch is compared to the last bit before anything is timed. Nothing is done
with the batches. Where torchvision is installed its MNIST is a peer too. Run it with `python benchmarks/loader.py`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from peers.torchvision_images import torchvision
from side_by_side import machine

import tapeout
import tapeout.data
from tapeout.data.idx import write_idx
from tapeout.runtime.gather import gather_rows

try:
    import torch
    import torch.utils.data
except ImportError:
    torch = None

COUNT, SIDE, CLASSES, BATCH, ROUNDS = 60_000, 28, 10, 64, 9
BLOCK = 1000
MEAN, STD = 0.1307, 0.3081

rng = np.random.default_rng(0)
PIXELS = rng.integers(0, 256, (COUNT, SIDE, SIDE), np.uint8)
ROWS = rng.random((COUNT, SIDE * SIDE), np.float32)
LABELS = rng.integers(0, CLASSES, COUNT)

Loaders = Callable[[], Iterable[Any]]


def rows(framework: Any, data: Any) -> Any:
    """Float rows and labels, as tensors."""
    return data.TensorDataset(framework.from_numpy(ROWS), framework.from_numpy(LABELS))


def half(framework: Any, data: Any) -> Any:
    """A random half of the rows."""
    generator = framework.Generator().manual_seed(1)
    return data.random_split(rows(framework, data), [0.5, 0.5], generator)[0]


def images(transforms: Any, mnist: Any) -> Any:
    """Bytes in files like MNIST's, made floats and normalised on the way out."""
    both = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    with TemporaryDirectory() as root:
        raw = Path(root) / "MNIST" / "raw"
        for part in ("train", "t10k"):
            write_idx(raw / f"{part}-images-idx3-ubyte", PIXELS)
            write_idx(raw / f"{part}-labels-idx1-ubyte", LABELS.astype(np.uint8))
        return mnist(root, transform=both)


def our_images() -> Any:
    return images(tapeout.data.transforms, tapeout.data.MNIST)


def torchvision_images() -> Any:
    assert torchvision is not None
    return images(torchvision.transforms, torchvision.datasets.MNIST)


class TheirImages:
    """The same for PyTorch, with the tensor operations of the usual transforms and nothing else."""

    def __init__(self) -> None:
        self.data, self.targets = torch.from_numpy(PIXELS), torch.from_numpy(LABELS)
        self.mean, self.std = torch.tensor([MEAN]), torch.tensor([STD])

    def __getitem__(self, index: int) -> Any:
        image = self.data[index][None].to(torch.float32).div(255)
        mean, std = self.mean.view(-1, 1, 1), self.std.view(-1, 1, 1)
        return image.sub_(mean).div_(std), int(self.targets[index])

    def __len__(self) -> int:
        return COUNT


CASES: dict[str, tuple[Callable[[], Any], Callable[[], Any], bool]] = {
    "float32 rows, shuffled": (
        lambda: rows(tapeout, tapeout.data),
        lambda: rows(torch, torch.utils.data),
        True,
    ),
    "float32 rows, in order": (
        lambda: rows(tapeout, tapeout.data),
        lambda: rows(torch, torch.utils.data),
        False,
    ),
    "a random half, shuffled": (
        lambda: half(tapeout, tapeout.data),
        lambda: half(torch, torch.utils.data),
        True,
    ),
    "MNIST, transformed, shuffled": (our_images, TheirImages, True),
    "MNIST, transformed, in order": (our_images, TheirImages, False),
}
if torchvision is not None:
    CASES |= {
        "MNIST by torchvision, shuffled": (our_images, torchvision_images, True),
        "MNIST by torchvision, in order": (our_images, torchvision_images, False),
    }


def check_equal(ours: Iterable[Any], theirs: Iterable[Any]) -> None:
    tapeout.manual_seed(0)
    torch.manual_seed(0)
    for (x, y), (their_x, their_y) in zip(ours, theirs, strict=True):
        assert x.shape == tuple(their_x.shape)
        assert x.numpy().tobytes() == their_x.numpy().tobytes()
        assert y.tolist() == their_y.tolist()


def epoch_seconds(loader: Iterable[Any]) -> float:
    start = time.perf_counter()
    for _ in loader:
        pass
    return time.perf_counter() - start


def medians(loaders: list[Iterable[Any]]) -> list[float]:
    """Epochs take turns, after one each to warm up."""
    for loader in loaders:
        epoch_seconds(loader)
    times = [[epoch_seconds(loader) for loader in loaders] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def reading_seconds(order: Any, threads: int) -> float:
    """Copying the float rows to one place, native code alone, in blocks so large that calls cost nothing."""
    block = np.empty((BLOCK, *ROWS.shape[1:]), ROWS.dtype)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for first in range(0, COUNT, BLOCK):
            gather_rows(ROWS, order[first : first + BLOCK], block, threads)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def line(name: str, ours: float, theirs: float | None) -> str:
    compared = "" if theirs is None else f"{theirs * 1e3:12.1f} ms{theirs / ours:10.1f} ×"
    return f"{name:<32}{ours * 1e3:10.1f} ms{compared}"


def main() -> None:
    print(machine())
    print(f"one epoch of {COUNT} × {SIDE * SIDE}, batches of {BATCH}, median of {ROUNDS}")
    if torch is None:
        print("PyTorch is not installed, so there is nothing to compare with")
    else:
        print(
            f"{'':<32}{'tapeout':>13}{'PyTorch ' + torch.__version__.split('+')[0]:>15}{'faster':>12}"
        )
    for name, (make_ours, make_theirs, shuffle) in CASES.items():
        loaders: list[Any] = [tapeout.data.DataLoader(make_ours(), BATCH, shuffle)]
        if torch is not None:
            loaders.append(torch.utils.data.DataLoader(make_theirs(), BATCH, shuffle))
            check_equal(*loaders)
        ours, *theirs = medians(loaders)
        print(line(name, ours, theirs[0] if theirs else None))
    for how, order in (("shuffled", rng.permutation(COUNT)), ("in order", np.arange(COUNT))):
        for threads in (1, 2):
            name = f"only copying, {how}, threads: {threads}"
            print(line(name, reading_seconds(order, threads), None))


if __name__ == "__main__":
    main()
