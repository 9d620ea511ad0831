"""Random networks, losses and optimizers, compiled, beside PyTorch: the same losses, step after step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tapeout

torch = pytest.importorskip("torch")

STEPS = 5
ACTIVATIONS = ["ReLU", "Tanh", "GELU", "SiLU", "Sigmoid", "LeakyReLU", "ELU", "Softplus", "Mish"]
NORMS = ["none", "LayerNorm", "BatchNorm1d"]
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "Adam": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01, "weight_decay": 0.1},
    "RMSprop": {"lr": 0.005, "momentum": 0.5, "centered": True},
    "Adagrad": {"lr": 0.05, "lr_decay": 0.01},
}
LOSSES = ["CrossEntropyLoss", "MSELoss", "SmoothL1Loss", "BCEWithLogitsLoss"]


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "sizes": draw(st.lists(st.integers(2, 40), min_size=2, max_size=4)),
        "batch": draw(st.integers(5, 50)),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "norm": draw(st.sampled_from(NORMS)),
        "optimizer": draw(st.sampled_from(sorted(OPTIMIZERS))),
        "loss": draw(st.sampled_from(LOSSES)),
        "seed": draw(st.integers(0, 1000)),
    }


def network(lib: Any, recipe: dict[str, Any]) -> Any:
    layers: list[Any] = []
    sizes = recipe["sizes"]
    for number, (a, b) in enumerate(pairwise(sizes), 1):
        layers.append(lib.nn.Linear(a, b))
        if number < len(sizes) - 1:
            if recipe["norm"] != "none":
                layers.append(getattr(lib.nn, recipe["norm"])(b))
            layers.append(getattr(lib.nn, recipe["activation"])())
    return lib.nn.Sequential(*layers)


def data(recipe: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(recipe["seed"])
    x = rng.standard_normal((recipe["batch"], recipe["sizes"][0])).astype(np.float32)
    shape = (recipe["batch"], recipe["sizes"][-1])
    if recipe["loss"] == "CrossEntropyLoss":
        return x, rng.integers(0, shape[1], shape[0])
    return x, rng.random(shape).astype(np.float32)


def losses(lib: Any, recipe: dict[str, Any], compiled: bool) -> list[float]:
    """The losses of some steps. Each but the first tells what the updates before it did."""
    lib.manual_seed(recipe["seed"])
    model = network(lib, recipe)
    loss_of = getattr(lib.nn, recipe["loss"])()
    optimizer = getattr(lib.optim, recipe["optimizer"])(
        model.parameters(), **OPTIMIZERS[recipe["optimizer"]]
    )

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = lib.compile(step) if compiled else step
    x, y = (lib.from_numpy(a) for a in data(recipe))
    return [run(x, y).item() for _ in range(STEPS)]


@settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(recipes())
def test_random_networks_train_alike(recipe: dict[str, Any]) -> None:
    found, expected = losses(tapeout, recipe, True), losses(torch, recipe, False)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert found[-1] != found[0]
