"""Every loss against PyTorch: values, gradients and graph nodes, over shapes, reductions and settings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tapeout
from nn_cases import backward, close, constant, leaf, node, values

torch = pytest.importorskip("torch")

REDUCTIONS = ["mean", "sum", "none"]
DTYPES = ["float64", "float32"]
SHAPES = [(), (3,), (4, 3), (2, 3, 5)]


def both(
    name: str, kwargs: dict[str, Any], x: np.ndarray, t: np.ndarray, **weights: np.ndarray
) -> None:
    """Call the loss module of both libraries, and compare what comes out and what flows back."""
    found = []
    for lib in (tapeout, torch):
        settings = {k: constant(lib, w) for k, w in weights.items()}
        loss = getattr(lib.nn, name)(**kwargs, **settings)
        input = leaf(lib, x)
        target = leaf(lib, t) if t.dtype.kind == "f" else constant(lib, t)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output = loss(input, target)
        backward(output, lib)
        found.append((output, input.grad, target.grad, repr(loss)))
    (a, x_grad, t_grad, text), (b, y_grad, u_grad, other_text) = found
    close(a, b, "loss")
    assert node(a) == node(b)
    close(x_grad, y_grad, "input.grad")
    close(t_grad, u_grad, "target.grad")
    assert text == other_text


REGRESSION = [
    ("MSELoss", {}), ("L1Loss", {}), ("SmoothL1Loss", {}), ("SmoothL1Loss", {"beta": 0.4}),
    ("SmoothL1Loss", {"beta": 0.0}), ("HuberLoss", {}), ("HuberLoss", {"delta": 0.4}),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name, kwargs", REGRESSION, ids=str)
def test_regression_losses(name, kwargs, reduction, dtype):
    for shape in SHAPES:
        x, t = values(*shape, dtype=dtype), values(*shape, seed="t", dtype=dtype)
        both(name, {**kwargs, "reduction": reduction}, x, t)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_weighted_regression_losses(name, reduction):
    x, t, w = (values(4, 3, seed=s) for s in "xtw")
    results = [
        getattr(lib.nn.functional, name)(
            constant(lib, x), constant(lib, t), reduction=reduction, weight=constant(lib, w)
        )
        for lib in (tapeout, torch)
    ]
    close(*results)


def probabilities(*shape: int, seed: Any = 0, dtype: str = "float64") -> np.ndarray:
    return np.asarray(
        np.random.default_rng(hash((shape, seed)) % 2**32).uniform(0.02, 0.98, shape)
    ).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(reduction, weighted, dtype):
    for shape in SHAPES:
        x, t = probabilities(*shape, dtype=dtype), probabilities(*shape, seed=1, dtype=dtype)
        weights = {"weight": probabilities(*shape[-1:], seed=2, dtype=dtype)} if weighted else {}
        both("BCELoss", {"reduction": reduction}, x, t, **weights)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "weights", [(), ("weight",), ("pos_weight",), ("weight", "pos_weight")], ids=str
)
def test_binary_cross_entropy_with_logits(reduction, weights, dtype):
    for shape in SHAPES[1:]:
        x, t = values(*shape, dtype=dtype), probabilities(*shape, seed=1, dtype=dtype)
        given = {w: probabilities(shape[-1], seed=len(w), dtype=dtype) for w in weights}
        both("BCEWithLogitsLoss", {"reduction": reduction}, x, t, **given)


def test_binary_cross_entropy_at_certainty():
    x, t = [0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]
    a = tapeout.nn.functional.binary_cross_entropy(
        tapeout.tensor(x), tapeout.tensor(t), reduction="none"
    )
    b = torch.nn.functional.binary_cross_entropy(torch.tensor(x), torch.tensor(t), reduction="none")
    close(a, b)
    assert a.tolist() == [0.0, 0.0, 100.0, 100.0]


def test_binary_cross_entropy_with_large_logits():
    x, t = np.array([-200.0, 200.0, -200.0, 200.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0, 0.5])
    both("BCEWithLogitsLoss", {"reduction": "none"}, x, t)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div(reduction, log_target):
    for shape in SHAPES[1:]:
        t = values(*shape, seed="t") if log_target else probabilities(*shape)
        both("KLDivLoss", {"reduction": reduction, "log_target": log_target}, values(*shape), t)


CLASS_SHAPES = [(3,), (4, 3), (2, 3, 5), (2, 3, 2, 4), (2, 3, 2, 2, 2)]
SETTINGS = [
    {}, {"ignore_index": 1}, {"label_smoothing": 0.3}, {"label_smoothing": 0.3, "ignore_index": 2},
]  # fmt: skip


def classes(*shape: int) -> np.ndarray:
    """Class numbers below 3 for an input of a shape."""
    rows = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    return np.asarray(np.random.default_rng(sum(shape)).integers(0, 3, rows))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_cross_entropy_of_classes(settings, reduction, weighted, dtype):
    for shape in CLASS_SHAPES:
        weights = {"weight": probabilities(3, dtype=dtype)} if weighted else {}
        x = values(*shape, dtype=dtype)
        both(
            "CrossEntropyLoss", {**settings, "reduction": reduction}, x, classes(*shape), **weights
        )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy_of_probabilities(smoothing, reduction, weighted):
    for shape in CLASS_SHAPES:
        weights = {"weight": probabilities(3)} if weighted else {}
        settings = {"label_smoothing": smoothing, "reduction": reduction}
        both("CrossEntropyLoss", settings, values(*shape), probabilities(*shape), **weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("settings", [{}, {"ignore_index": 1}], ids=str)
def test_nll_loss(settings, reduction, weighted):
    for shape in CLASS_SHAPES:
        weights = {"weight": probabilities(3)} if weighted else {}
        both(
            "NLLLoss",
            {**settings, "reduction": reduction},
            values(*shape),
            classes(*shape),
            **weights,
        )


def test_the_mean_of_nothing_is_nan():
    x, t = values(2, 3), np.full(2, -100)
    both("CrossEntropyLoss", {}, x, t)
    assert np.isnan(
        tapeout.nn.CrossEntropyLoss()(constant(tapeout, x), constant(tapeout, t)).item()
    )
