"""Every layer against PyTorch: values, gradients, statistics, graph nodes, prints and the keys of its state."""

from __future__ import annotations

import pytest

import tapeout
from nn_cases import LAYERS, Layer, backward, close, fill, leaf, node, same_state, values

torch = pytest.importorskip("torch")

RUNS = [(layer, shape) for layer in LAYERS for shape in layer.shapes]
RUN_IDS = [f"{layer.id}-{list(shape)}" for layer, shape in RUNS]


def pair(layer: Layer, dtype: str):
    mine, theirs = layer.make(tapeout), layer.make(torch)
    mine.to(getattr(tapeout, dtype)), theirs.to(getattr(torch, dtype))
    fill(mine)
    same_state(mine, theirs)
    return mine, theirs


def compare(mine, theirs, shape, dtype) -> None:
    array = values(*shape, dtype=dtype)
    x, y = leaf(tapeout, array), leaf(torch, array)
    a, b = mine(x), theirs(y)
    close(a, b, "result")
    assert node(a) == node(b)
    backward(a, tapeout), backward(b, torch)
    # PyTorch multiplies by 1/6 as a float32 there.
    close(
        x.grad,
        y.grad,
        "input.grad",
        **({"tolerance": 1e-7} if type(mine).__name__ == "Hardsigmoid" else {}),
    )
    grads = {name: p.grad for name, p in theirs.named_parameters()}
    for name, parameter in mine.named_parameters():
        close(parameter.grad, grads[name], f"{name}.grad")
    for (name, buffer), other in zip(mine.named_buffers(), theirs.buffers(), strict=True):
        close(buffer, other, name)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layer, shape", RUNS, ids=RUN_IDS)
def test_results_gradients_statistics_and_nodes_are_pytorchs(layer, shape, dtype):
    compare(*pair(layer, dtype), shape, dtype)


@pytest.mark.parametrize(
    "layer", [c for c in LAYERS if c.name == "BatchNorm1d"], ids=lambda case: case.id
)
def test_batch_norm_evaluates_by_what_it_saw_in_training(layer):
    mine, theirs = pair(layer, "float64")
    for seed in range(3):
        array = values(4, 3, seed=seed)
        mine(leaf(tapeout, array)), theirs(leaf(torch, array))
    mine.eval(), theirs.eval()
    compare(mine, theirs, (2, 3), "float64")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda case: case.id)
def test_it_prints_and_names_its_state_as_pytorch_does(layer):
    mine, theirs = layer.make(tapeout), layer.make(torch)
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())


IN_PLACE = [
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "Hardtanh",
    "Hardsigmoid",
    "Hardswish",
]


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_activations_overwrite_their_input(name):
    layer = Layer(name, (), {"inplace": True})
    mine, theirs = layer.make(tapeout), layer.make(torch)
    assert repr(mine) == repr(theirs)
    array = values(2, 3)
    x, y = leaf(tapeout, array), leaf(torch, array)
    a, b = x * 1.5, y * 1.5
    assert mine(a) is a
    theirs(b)
    close(a, b)
    backward(a, tapeout), backward(b, torch)
    close(x.grad, y.grad, tolerance=1e-7 if name == "Hardsigmoid" else 0.0)


BOUNDARIES = [
    -30.0,
    -6.0,
    -3.0,
    -1.0,
    -0.5,
    0.0,
    -0.0,
    0.5,
    1.0,
    2.0,
    3.0,
    6.0,
    25.0,
    float("inf"),
    float("-inf"),
    float("nan"),
]


@pytest.mark.parametrize(
    "layer",
    [c for c in LAYERS if c.shapes[0] == () and c.name not in ("SiLU", "Mish", "GELU")],
    ids=lambda case: case.id,
)
def test_activations_at_kinks_and_extremes(layer):
    mine, theirs = layer.make(tapeout), layer.make(torch)
    x = tapeout.tensor(BOUNDARIES, requires_grad=True)
    y = torch.tensor(BOUNDARIES, requires_grad=True)
    a, b = mine(x), theirs(y)
    close(a, b)
    a.sum().backward(), b.sum().backward()
    close(x.grad[:-3], y.grad[:-3])


EMBEDDINGS = [
    Layer("Embedding", (5, 3)),
    Layer("Embedding", (5, 3), {"padding_idx": 2}),
    Layer("Embedding", (5, 3), {"padding_idx": -1}),
]


@pytest.mark.parametrize("index", [[1, 4, 1], [[0, 2], [2, 4]], 3], ids=str)
@pytest.mark.parametrize("layer", EMBEDDINGS, ids=lambda case: case.id)
def test_embeddings(layer, index):
    mine, theirs = pair(layer, "float64")
    assert repr(mine) == repr(theirs)
    a, b = mine(tapeout.tensor(index)), theirs(torch.tensor(index))
    close(a, b)
    assert node(a) == node(b) == "EmbeddingBackward0"
    backward(a, tapeout), backward(b, torch)
    close(mine.weight.grad, theirs.weight.grad)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(3,), (4, 5), (2, 3, 50)], ids=str)
def test_dropout_draws_pytorchs_noise(p, shape):
    tapeout.manual_seed(3), torch.manual_seed(3)
    array = values(*shape, dtype="float32")
    for _ in range(2):
        x, y = leaf(tapeout, array), leaf(torch, array)
        a, b = tapeout.nn.Dropout(p)(x), torch.nn.Dropout(p)(y)
        close(a, b)
        assert node(a) == node(b)
    assert tapeout.rand(3).tolist() == torch.rand(3).tolist()


@pytest.mark.parametrize(
    "p, dim, eps", [(2.0, 1, 1e-12), (1.0, 0, 1e-12), (3.0, -1, 0.5), (float("inf"), 1, 1e-12)]
)
def test_normalize(p, dim, eps):
    array = values(4, 3)
    array[2] = 0
    x, y = leaf(tapeout, array), leaf(torch, array)
    a = tapeout.nn.functional.normalize(x, p, dim, eps)
    b = torch.nn.functional.normalize(y, p, dim, eps)
    close(a, b)
    assert node(a) == node(b) == "DivBackward0"
    backward(a, tapeout), backward(b, torch)
    close(x.grad, y.grad)


def test_one_hot():
    classes = [[0, 2], [1, 1]]
    for count in (-1, 5):
        a = tapeout.nn.functional.one_hot(tapeout.tensor(classes), count)
        b = torch.nn.functional.one_hot(torch.tensor(classes), count)
        close(a, b)
