"""The eager training loop of 784-128-10 (batch 64, cross entropy, Adam), beside PyTorch's eager loop.

Both start from the same seed, hence the same weights, and see the same batch; their losses are compared before anything
is timed. Run it with `make bench`, or `python benchmarks/eager_seed.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from side_by_side import machine, print_table, take_turns

import tapeout

try:
    import torch
except ImportError:
    torch = None

BATCH, FEATURES, HIDDEN, CLASSES = 64, 784, 128, 10


def training_step(framework: Any) -> Callable[[], Any]:
    """One step of the loop, as its user writes it."""
    nn, optim = framework.nn, framework.optim
    rng = np.random.default_rng(0)
    x = framework.from_numpy(rng.standard_normal((BATCH, FEATURES)).astype(np.float32))
    y = framework.from_numpy(rng.integers(0, CLASSES, BATCH))
    framework.manual_seed(0)
    model = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def losses(framework: ModuleType, steps: int = 20) -> list[float]:
    step = training_step(framework)
    return [step().item() for _ in range(steps)]


def main() -> None:
    print(machine())
    contestants = {"tapeout eager": training_step(tapeout)}
    if torch is None:
        print(
            "PyTorch is not installed, so there is nothing to compare with (pip install 'tapeout[bench]')"
        )
    else:
        np.testing.assert_allclose(losses(tapeout), losses(torch), rtol=1e-4)
        contestants[f"PyTorch {torch.__version__} eager"] = training_step(torch)
    print_table(
        "eager training step, 784-128-10, batch 64, Adam",
        take_turns(contestants),
        ours="tapeout eager",
    )


if __name__ == "__main__":
    main()
