"""`nn.init` and how layers begin: the draws of PyTorch, bit for bit."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import tapeout
from tapeout import nn
from tapeout.nn import init

INITIALISERS = [
    ("uniform_", ()), ("uniform_", (-2.0, 3.0)), ("normal_", ()), ("normal_", (1.0, 0.2)), ("constant_", (0.7,)),
    ("zeros_", ()), ("ones_", ()), ("eye_", ()), ("xavier_uniform_", ()), ("xavier_uniform_", (1.7,)),
    ("xavier_normal_", (0.3,)), ("kaiming_uniform_", ()), ("kaiming_uniform_", (0.1, "fan_out")),
    ("kaiming_normal_", (0, "fan_in", "relu")), ("kaiming_normal_", (0.2, "fan_out", "leaky_relu")),
    ("kaiming_uniform_", (0, "fan_in", "tanh")),
]  # fmt: skip
LAYERS = [
    ("Linear", (3, 5)), ("Linear", (784, 128)), ("Linear", (4, 2, False)), ("Embedding", (7, 3)),
    ("Embedding", (7, 3, 2)), ("LayerNorm", (4,)), ("BatchNorm1d", (4,)), ("PReLU", (2,)),
]  # fmt: skip


def assert_bits_equal(mine, theirs) -> None:
    a, b = mine.detach().numpy(), theirs.detach().numpy()
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, args", INITIALISERS, ids=str)
@pytest.mark.parametrize("shape", [(3, 5), (40, 20)], ids=str)
def test_initialisers_draw_what_pytorch_draws(name, args, shape, dtype):
    torch = pytest.importorskip("torch")
    tapeout.manual_seed(11), torch.manual_seed(11)
    mine = tapeout.zeros(*shape, dtype=getattr(tapeout, dtype), requires_grad=True)
    theirs = torch.zeros(*shape, dtype=getattr(torch, dtype), requires_grad=True)
    assert getattr(init, name)(mine, *args) is mine
    getattr(torch.nn.init, name)(theirs, *args)
    assert_bits_equal(mine, theirs)
    assert mine.is_leaf
    assert mine.requires_grad


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, args", LAYERS, ids=str)
def test_layers_begin_as_pytorchs(name, args, dtype):
    torch = pytest.importorskip("torch")
    tapeout.manual_seed(5), torch.manual_seed(5)
    mine = getattr(nn, name)(*args, dtype=getattr(tapeout, dtype))
    theirs = getattr(torch.nn, name)(*args, dtype=getattr(torch, dtype))
    for (key, value), other in zip(
        mine.state_dict().items(), theirs.state_dict().values(), strict=True
    ):
        assert_bits_equal(value, other), key


def test_a_whole_model_begins_as_pytorchs_and_may_be_reset():
    torch = pytest.importorskip("torch")
    tapeout.manual_seed(0), torch.manual_seed(0)
    models = []
    for lib in (tapeout, torch):
        net = lib.nn.Sequential(
            lib.nn.Linear(6, 4), lib.nn.Tanh(), lib.nn.Linear(4, 3), lib.nn.Embedding(3, 2)
        )
        net[0].reset_parameters()
        models.append(net)
    for mine, theirs in zip(*(m.parameters() for m in models), strict=True):
        assert_bits_equal(mine, theirs)


def test_a_generator_of_ones_own():
    torch = pytest.importorskip("torch")
    mine = init.xavier_normal_(tapeout.zeros(4, 5), generator=tapeout.Generator().manual_seed(9))
    theirs = torch.nn.init.xavier_normal_(
        torch.zeros(4, 5), generator=torch.Generator().manual_seed(9)
    )
    assert_bits_equal(mine, theirs)


@pytest.mark.parametrize(
    "name, param",
    [
        *((n, None) for n in init.GAINS),
        ("leaky_relu", None),
        ("leaky_relu", 0.3),
        ("leaky_relu", 2),
    ],
)
def test_gains(name, param):
    torch = pytest.importorskip("torch")
    assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


def test_bounds_without_pytorch():
    layer = nn.Linear(16, 500)
    weights, shift = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    assert 0.24 < np.abs(weights).max() <= 0.25
    assert 0.24 < np.abs(shift).max() <= 0.25
    wide = init.xavier_uniform_(tapeout.zeros(30, 70), gain=2.0).numpy()
    assert np.abs(wide).max() <= 2 * math.sqrt(6 / 100)
    assert (
        abs(init.kaiming_normal_(tapeout.zeros(100, 400)).numpy().std() - math.sqrt(2 / 400))
        < 0.002
    )
    assert init.eye_(tapeout.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert init.fans(tapeout.zeros(2, 3, 5, 7)) == (105, 70)


def test_empty_tensors_are_left_alone_with_a_warning():
    for fill in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
            fill(tapeout.zeros(0, 3))


MISTAKES = [
    (
        lambda: init.xavier_uniform_(tapeout.ones(3)),
        "Fan in and fan out can not be computed for tensor with fewer than 2",
    ),
    (
        lambda: init.kaiming_uniform_(tapeout.ones(3, 2), mode="fan"),
        "Mode fan not supported, please use one of ['fan_in'",
    ),
    (
        lambda: init.calculate_gain("swish"),
        "Unsupported nonlinearity swish; known are linear, conv1d",
    ),
    (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
    (lambda: init.eye_(tapeout.ones(3)), "Only tensors with 2 dimensions are supported, not [3]"),
]


@pytest.mark.parametrize("mistake, text", MISTAKES)
def test_mistakes_are_explained(mistake, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        mistake()
