"""Programs that write in place, run by both libraries: values and gradients beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_same

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)
Program = Callable[[Any, Any], Any]


def leaf(lib: Any, *shape: int, seed: int = 0) -> Any:
    data = np.random.default_rng(seed).uniform(0.5, 2, shape).astype(np.float32)
    return lib.tensor(data, requires_grad=True)


def outcome(program: Program, lib: Any) -> list[Any]:
    """What a program makes of a computed tensor, and the gradient of the leaf under it."""
    x = leaf(lib, 4, 3)
    result = program(lib, x)
    weight = lib.tensor(
        np.random.default_rng(1).uniform(1, 2, tuple(result.shape)).astype(np.float32)
    )
    (result * weight).sum().backward()
    return [result, x.grad]


def both_agree(program: Program) -> None:
    assert_same(tapeout, torch, *(outcome(program, lib) for lib in LIBRARIES), 4.0)
