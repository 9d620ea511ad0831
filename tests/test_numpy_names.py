"""`axis` and `keepdims`, as NumPy calls `dim` and `keepdim`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapeout as t
from compiling import same

X = t.arange(24.0).reshape(2, 3, 4).sin()
REDUCTIONS = [
    "sum",
    "mean",
    "prod",
    "std",
    "var",
    "logsumexp",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "all",
    "any",
    "max",
    "min",
    "median",
]
PLACED = ["cumsum", "cumprod", "softmax", "log_softmax", "sort", "argsort", "unsqueeze", "unbind"]


def parts(found: Any) -> list[t.Tensor]:
    return [found] if isinstance(found, t.Tensor) else list(found)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("as_method", [False, True])
def test_reductions(name: str, as_method: bool) -> None:
    function = getattr(t, name)
    expected = function(X, dim=1, keepdim=True)
    found = (
        getattr(X, name)(axis=1, keepdims=True) if as_method else function(X, axis=1, keepdims=True)
    )
    for ours, theirs in zip(parts(found), parts(expected), strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("name", PLACED)
def test_functions_along_a_dimension(name: str) -> None:
    function = getattr(t, name)
    for ours, theirs in zip(parts(function(X, axis=2)), parts(function(X, dim=2)), strict=True):
        same(ours, theirs)


def test_functions_of_several_tensors() -> None:
    same(t.cat([X, X], axis=1), t.cat([X, X], dim=1))
    same(t.stack([X, X], axis=-1), t.stack([X, X], dim=-1))
    same(X.squeeze(axis=0), X.squeeze(dim=0))
    index = t.tensor([1, 0])
    same(t.index_select(X, axis=0, index=index), t.index_select(X, dim=0, index=index))
    same(t.split(X, 2, axis=2)[1], t.split(X, 2, dim=2)[1])


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "argmax", "cumsum"])
def test_numpys_own_functions(name: str) -> None:
    function = getattr(np, name)
    np.testing.assert_allclose(function(X, axis=1).numpy(), function(X.numpy(), axis=1), rtol=1e-6)


def test_both_names_are_refused() -> None:
    with pytest.raises(TypeError, match=r"sum\(\) got both 'dim' and 'axis', which are the same"):
        t.sum(X, dim=0, axis=1)


def test_other_names_are_refused_as_ever() -> None:
    with pytest.raises(TypeError, match=r"sum\(\) got an unexpected keyword argument 'axes'"):
        t.sum(X, axes=0)


@pytest.mark.parametrize("name", [*REDUCTIONS, *PLACED])
def test_pytorch_takes_them_too(name: str) -> None:
    torch = pytest.importorskip("torch")
    function = getattr(torch, name)
    x = torch.from_numpy(X.numpy().copy())
    for ours, theirs in zip(
        parts(getattr(t, name)(X, axis=1)),
        [p for p in [function(x, axis=1)] if isinstance(p, torch.Tensor)] or function(x, axis=1),
        strict=True,
    ):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
