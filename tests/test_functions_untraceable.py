"""What a trace refuses because it needs values, and what it can do all the same."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapeout

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)


def grid(lib: Any) -> Any:
    return lib.arange(6).reshape(2, 3)


UNTRACEABLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "item": (lambda x: x.sum().item(), "item.."),
    "bool": (lambda x: 1 if x.sum() > 0 else 2, "bool.. .an if, while, and, or or not."),
    "float": (lambda x: float(x[0, 0]), "float.."),
    "int": (lambda x: int(x[0, 0]), "int.."),
    "numpy": (lambda x: x.numpy(), "numpy.."),
    "asarray": (lambda x: np.asarray(x), "numpy.."),
    "tolist": (lambda x: x.tolist(), "tolist.."),
    "nonzero": (lambda x: x.nonzero(), "nonzero.."),
    "where": (lambda x: tapeout.where(x), "nonzero.."),
    "unique": (lambda x: x.unique(), "unique.."),
    "bincount": (lambda x: x.long().view(-1).bincount(), "bincount.."),
    "mask": (lambda x: x[x > 0], "indexing by a mask"),
    "masked_select": (lambda x: x.masked_select(x > 0), "indexing by a mask"),
    "index": (lambda x: [1, 2][x.argmax()], "index"),
    "contains": (lambda x: 3 in x, "item.."),
    "deepcopy": (lambda x: copy.deepcopy(x), "deepcopy"),
    "pickle": (lambda x: pickle.dumps(x), "pickle"),
    "allclose": (lambda x: tapeout.tracer.pointwise.allclose(x, x), "allclose.."),
    "equal": (lambda x: x.equal(x), "equal.."),
    "tensor of tensors": (lambda x: tapeout.tensor([x[0, 0], x[0, 1]]), "tolist|stack"),
}


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_needs_values_cannot_be_traced_and_says_where(name: str) -> None:
    """The refusal names what was asked, the tensor's type, the way out, and the user's file and line."""
    function, what = UNTRACEABLE[name]
    with pytest.raises(tapeout.TraceError, match=what) as refusal:
        tapeout.trace(function, tapeout.spec((2, 3)))
    message = str(refusal.value)
    assert "the program is being traced and values exist only when it runs" in message
    assert f"{Path(__file__).name}:{function.__code__.co_firstlineno}" in message
    assert f'"{name}"' in message.split("\n  at ")[1], "the source line is shown"


def test_a_mask_may_be_written_through_in_a_trace() -> None:
    def program(x: Any) -> Any:
        y = x * 1
        y[y > 2] = 0.0
        return y

    func = tapeout.ir.verify(tapeout.trace(program, tapeout.spec((2, 3))))
    (found,) = tapeout.ir.run(func, np.arange(6, dtype=np.float32).reshape(2, 3))
    assert found.tolist() == [[0, 1, 2], [0, 0, 0]]


def test_shapes_are_known_while_tracing() -> None:
    seen: list[Any] = []

    def program(x: Any) -> Any:
        seen.extend([tuple(x.shape), x.ndim, len(x), x.dtype, x.numel(), x.is_contiguous()])
        return x + x.shape[0]

    tapeout.trace(program, tapeout.spec((2, 3)))
    assert seen == [(2, 3), 2, 2, tapeout.float32, 6, True]
