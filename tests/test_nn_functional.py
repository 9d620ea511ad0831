"""`nn.functional` by itself: known values, warnings, and what it says about mistakes."""

from __future__ import annotations

import math
import re
import warnings

import numpy as np
import pytest

import tapeout
from tapeout import nn
from tapeout.nn import functional as F


def at(error: type[Exception], text: str):
    return pytest.raises(error, match=re.escape(text))


def t(*numbers: float) -> tapeout.Tensor:
    return tapeout.tensor(list(numbers), dtype=tapeout.float64)


KNOWN = [
    (F.relu, [0, 0, 2]),
    (F.leaky_relu, [-0.01, 0, 2]),
    (F.elu, [math.expm1(-1), 0, 2]),
    (F.gelu, [-0.15865525393145707, 0, 1.9544997361036416]),
    (F.silu, [-1 / (1 + math.e), 0, 2 / (1 + math.exp(-2))]),
    (F.mish, [-math.tanh(math.log1p(math.exp(-1))), 0, 2 * math.tanh(math.log1p(math.exp(2)))]),
    (F.softplus, [math.log1p(math.exp(-1)), math.log(2), math.log1p(math.exp(2))]),
    (F.logsigmoid, [-math.log1p(math.e), -math.log(2), -math.log1p(math.exp(-2))]),
    (F.hardtanh, [-1, 0, 1]),
    (F.softsign, [-0.5, 0, 2 / 3]),
    (F.tanhshrink, [math.tanh(1) - 1, 0, 2 - math.tanh(2)]),
    (F.sigmoid, [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))]),
    (F.tanh, [math.tanh(-1), 0, math.tanh(2)]),
]


@pytest.mark.parametrize("function, expected", KNOWN, ids=lambda v: getattr(v, "__name__", ""))
def test_activations_of_known_values(function, expected):
    np.testing.assert_allclose(function(t(-1, 0, 2)).numpy(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "function, bound", [(F.elu, 1e5), (F.softplus, 1e5), (F.logsigmoid, 1e5), (F.selu, 1e5)]
)
def test_gradients_stay_finite_far_out(function, bound):
    x = tapeout.tensor([-bound, bound], requires_grad=True)
    function(x).sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_losses_of_known_values():
    scores = tapeout.tensor([[0.0, math.log(3.0)], [0.0, 0.0]], dtype=tapeout.float64)
    classes = tapeout.tensor([1, 0])
    rows = [math.log(4 / 3), math.log(2)]
    np.testing.assert_allclose(F.cross_entropy(scores, classes, reduction="none").numpy(), rows)
    assert F.cross_entropy(scores, classes).item() == pytest.approx(sum(rows) / 2)
    weight = t(1.0, 3.0)
    assert F.cross_entropy(scores, classes, weight).item() == pytest.approx(
        (3 * rows[0] + rows[1]) / 4
    )
    assert F.cross_entropy(
        scores, classes, ignore_index=0, reduction="sum"
    ).item() == pytest.approx(rows[0])
    x, y = t(1, 2, 4), t(1, 4, 1)
    assert F.mse_loss(x, y).item() == pytest.approx(13 / 3)
    assert F.l1_loss(x, y, reduction="sum").item() == 5
    assert F.huber_loss(x, y, delta=2.0, reduction="none").tolist() == [0, 2, 4]
    assert F.smooth_l1_loss(x, y, beta=2.0, reduction="none").tolist() == [0, 1, 2]
    assert F.binary_cross_entropy(t(0.5), t(1)).item() == pytest.approx(math.log(2))
    assert F.binary_cross_entropy_with_logits(t(0), t(1)).item() == pytest.approx(math.log(2))


def test_layers_of_known_values():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": tapeout.tensor([[2.0, 3.0]]), "bias": tapeout.tensor([10.0])})
    assert layer(tapeout.tensor([[1.0, 2.0]])).tolist() == [[18.0]]
    np.testing.assert_allclose(F.layer_norm(t(1, 3), (2,), eps=0.0).numpy(), [-1, 1])
    np.testing.assert_allclose(
        F.normalize(tapeout.tensor([[3.0, 4.0]])).numpy(), [[0.6, 0.8]], rtol=1e-6
    )
    norm = nn.BatchNorm1d(1, momentum=0.5, eps=0.0)
    np.testing.assert_allclose(norm(tapeout.tensor([[1.0], [3.0]])).tolist(), [[-1.0], [1.0]])
    assert norm.running_mean.tolist() == [1.0]
    assert norm.running_var.tolist() == [1.5]
    assert norm.num_batches_tracked.item() == 1
    assert norm.eval()(tapeout.tensor([[1.0]])).tolist() == [[0.0]]


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_broadcasting_a_target_warns_at_the_users_line(name):
    with pytest.warns(
        UserWarning,
        match=re.escape(
            "Using a target size (torch.Size([4])) that is different to the input size (torch.Size([4, 1])). "
            "This will likely lead to incorrect results due to broadcasting"
        ),
    ) as caught:
        assert getattr(F, name)(tapeout.ones(4, 1), tapeout.ones(4), reduction="none").shape == (
            4,
            4,
        )
    assert caught[0].filename == __file__
    with warnings.catch_warnings(), at(RuntimeError, "3"):
        warnings.simplefilter("ignore")
        getattr(F, name)(tapeout.ones(2), tapeout.ones(3))


def test_a_warning_comes_once_for_a_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            F.mse_loss(tapeout.ones(4, 1), tapeout.ones(4))
    assert len(caught) == 1


@pytest.mark.parametrize(
    "shape, dim", [((3,), 0), ((2, 3), 1), ((2, 3, 2), 0), ((1, 2, 3, 2), 1)], ids=str
)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_a_softmax_without_a_dim_warns(name, shape, dim):
    x = tapeout.randn(*shape)
    with pytest.warns(
        UserWarning,
        match=f"Implicit dimension choice for {name} has been deprecated.*dim={dim} is taken",
    ):
        assert getattr(F, name)(x).tolist() == getattr(F, name)(x, dim).tolist()


def test_the_mean_of_kl_div_warns():
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(t(-1.0), t(1.0))


def test_dropout_is_nothing_in_evaluation():
    x = tapeout.ones(1000)
    layer = nn.Dropout(0.25)
    assert layer.eval()(x) is x
    dropped = layer.train()(x)
    assert set(dropped.tolist()) == {0.0, np.float32(4 / 3)}
    assert 0.15 < 1 - (dropped != 0).float().mean().item() < 0.35
    assert F.dropout(x, 1.0).sum().item() == 0
    assert F.dropout(x, inplace=True) is x
    assert 0.0 in x.tolist()


def test_the_padding_row_is_zero_and_stays():
    layer = nn.Embedding(4, 2, padding_idx=1)
    assert layer.weight[1].tolist() == [0, 0]
    layer(tapeout.tensor([1, 2, 2])).sum().backward()
    assert layer.weight.grad.tolist() == [[0, 0], [0, 0], [2, 2], [0, 0]]


def test_a_pretrained_embedding():
    table = tapeout.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.Embedding.from_pretrained(table, padding_idx=-2)
    assert repr(layer) == "Embedding(2, 2, padding_idx=0)"
    assert not layer.weight.requires_grad
    assert layer(tapeout.tensor([1])).tolist() == [[3.0, 4.0]]
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with at(AssertionError, "Embeddings parameter is expected to be 2-dimensional, not [2]"):
        nn.Embedding.from_pretrained(tapeout.ones(2))


ones = tapeout.ones
REFUSED = [
    (lambda: nn.Linear(2, 3)(ones(2, 5)), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x5 and 2x3)"),
    (lambda: nn.Dropout(-0.1), ValueError, "dropout probability has to be between 0 and 1, but got -0.1"),
    (lambda: F.dropout(ones(2), 2), ValueError, "dropout probability has to be between 0 and 1, but got 2"),
    (lambda: nn.LayerNorm(4)(ones(2, 3)), RuntimeError,
     "Given normalized_shape=[4], expected input with shape [*, 4], but got input of size[2, 3]"),
    (lambda: F.layer_norm(ones(2), ()), RuntimeError, "Expected normalized_shape to be at least 1-dimensional"),
    (lambda: nn.BatchNorm1d(3)(ones(1, 3)), ValueError,
     "Expected more than 1 value per channel when training, got input size torch.Size([1, 3]); a batch of one has no"),
    (lambda: nn.BatchNorm1d(3)(ones(2, 4)), RuntimeError, "running_mean should contain 4 elements not 3: the input"),
    (lambda: nn.BatchNorm1d(3)(ones(3)), ValueError, "expected 2D or 3D input (got 1D input)"),
    (lambda: F.batch_norm(ones(3), None, None), ValueError, "batch_norm needs channels in dimension 1"),
    (lambda: F.batch_norm(ones(2, 3), ones(3), None), RuntimeError, "running_var must be defined in evaluation mode"),
    (lambda: nn.Embedding(3, 2)(tapeout.tensor([7])), IndexError, "index 7 is out of bounds"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), AssertionError, "Padding_idx must be within num_embeddings: 3 is not"),
    (lambda: nn.Unflatten(1, (2, 2))(ones(2, 3)), RuntimeError, "[2, 2]"),
    (lambda: nn.Unflatten(1, 3), TypeError, "unflattened_size must be a tuple of ints, but found type int"),
    (lambda: nn.PReLU(3)(ones(2, 4)), RuntimeError, "Found parameter numbers = 3 and channel size = 4."),
    (lambda: F.prelu(ones(2, 2), ones(2, 2)), RuntimeError, "Expected `weight` to be a scalar or 1D tensor"),
    (lambda: F.celu(ones(2), 0), RuntimeError, "alpha cannot be 0 for CELU"),
    (lambda: nn.Hardtanh(2, 1), AssertionError, "max_val must be larger than min_val, but they are 1 and 2"),
    (lambda: F.hardtanh(ones(1), 2, 1), ValueError, "min_val cannot be greater than max_val, but they are 2 and 1"),
    (lambda: F.gelu(ones(1), "no"), RuntimeError, "approximate argument must be either none or tanh, but it is 'no'"),
    (lambda: nn.MSELoss(reduction="max"), ValueError, "max is not a valid value for reduction; it is one of 'none'"),
    (lambda: F.l1_loss(ones(1), ones(1), reduction="no"), ValueError, "no is not a valid value for reduction"),
    (lambda: F.mse_loss(ones(2), ones(2), weight=ones(3)), ValueError, "Weights and input must have the same size"),
    (lambda: F.smooth_l1_loss(ones(1), ones(1), beta=-1.0), RuntimeError, "negative values for beta, such as -1.0"),
    (lambda: F.huber_loss(ones(1), ones(1), delta=0), RuntimeError, "non-positive values for delta, such as 0"),
    (lambda: nn.BCELoss()(ones(4, 1), ones(4)), ValueError, "Using a target size (torch.Size([4])) that is different"),
    (lambda: nn.BCELoss()(ones(2) * 3, ones(2)), RuntimeError,
     "all elements of input should be between 0 and 1, but they run from 3.0 to 3.0; for logits use"),
    (lambda: nn.BCEWithLogitsLoss()(ones(2), ones(3)), ValueError, "Target size (torch.Size([3])) must be the same as"),
    (lambda: F.cross_entropy(ones(4, 3), tapeout.tensor([0, 1])), ValueError,
     "Expected input batch_size (4) to match target batch_size (2)."),
    (lambda: F.cross_entropy(ones(2, 3), tapeout.tensor([0, 5])), IndexError, "Target 5 is out of bounds: row 1"),
    (lambda: F.cross_entropy(ones(2, 3), ones(2)), RuntimeError,
     "expected target dtype to be Long or Byte, but got float32 of shape [2]. Class numbers are integers"),
    (lambda: F.cross_entropy(ones(2, 3, 4), tapeout.tensor([0, 1])), RuntimeError,
     "the target has shape [2], but an input of shape [2, 3, 4] needs one class for each of [2, 4]"),
    (lambda: F.cross_entropy(tapeout.tensor(1.0), tapeout.tensor(0)), ValueError, "need a dimension for the classes"),
    (lambda: nn.NLLLoss(ones(2))(ones(2, 3), tapeout.tensor([0, 1])), RuntimeError,
     "weight tensor should be defined either for all 3 classes or no classes but got weight tensor of shape: [2]"),
    (lambda: F.cross_entropy(ones(2, 3), ones(2, 3), ignore_index=1), RuntimeError,
     "ignore_index is not supported for floating point target, but it is 1"),
    (lambda: F.cross_entropy(ones(2, 3), tapeout.tensor([0, 1]), label_smoothing=1.5), RuntimeError,
     "label_smoothing must be between 0.0 and 1.0. Got: 1.5"),
]  # fmt: skip


@pytest.mark.parametrize("mistake, error, text", REFUSED)
def test_mistakes_are_explained(mistake, error, text):
    with at(error, text):
        mistake()
