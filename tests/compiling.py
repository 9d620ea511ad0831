"""What the tests of `tapeout.compile` share."""

from __future__ import annotations

from typing import Any

import numpy as np

import tapeout as t
from tapeout import nn, optim


def compiled(fn: Any = None, **options: Any) -> Any:
    """Compiled for the interpreter: for tests of the driver, where native code is not the point."""
    return t.compile(fn, backend="reference", **options)


def programs(step: Any) -> list[Any]:
    """All programs that a step has."""
    return [p for found in step._programs.values() for p in found]


def f64(*shape: int, seed: int = 0) -> t.Tensor:
    return t.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), 1e-5, 1e-6)


class Training:
    """A model, its optimizer and a step; two made alike go the same way."""

    def __init__(self, backend: str | None = None, name: str = "Adam", **options: Any) -> None:
        t.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
        self.opt = getattr(optim, name)(self.model.parameters(), lr=0.05)
        self.step: Any = self.eager
        if backend:
            self.step = t.compile(self.eager, backend=backend, **options)

    def eager(self, x: t.Tensor, y: t.Tensor) -> t.Tensor:
        self.opt.zero_grad()
        loss = nn.functional.cross_entropy(self.model(x), y)
        loss.backward()
        self.opt.step()
        return loss


X, Y = f64(5, 4).float(), t.tensor([0, 1, 2, 1, 0])
