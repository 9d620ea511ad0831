"""`nn.utils`: gradients clipped, parameters as a vector."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import tapeout
from nn_cases import close, constant, values
from tapeout import nn
from tapeout.nn import utils


def parameters(lib, *gradients) -> list:
    made = []
    for gradient in gradients:
        made.append(lib.zeros(*gradient.shape, requires_grad=True))
        made[-1].grad = constant(lib, gradient)
    return made


GRADIENTS = [values(2, 3, dtype="float32"), values(4, seed=1, dtype="float32")]


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3, math.inf, 0.5])
@pytest.mark.parametrize("max_norm", [0.7, 100.0])
def test_clipping_by_norm_as_pytorch(norm_type, max_norm):
    torch = pytest.importorskip("torch")
    mine, theirs = (parameters(lib, *GRADIENTS) for lib in (tapeout, torch))
    unused = tapeout.zeros(2, requires_grad=True)
    a = utils.clip_grad_norm_([*mine, unused], max_norm, norm_type)
    b = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    close(a, b)
    for p, q in zip(mine, theirs, strict=True):
        close(p.grad, q.grad)


def test_clipping_by_norm_of_known_values():
    (p,) = parameters(tapeout, np.array([3.0, 4.0], "float32"))
    gradient = p.grad
    assert utils.clip_grad_norm_(p, 1.0).item() == 5.0
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.8], rtol=1e-6)
    assert p.grad is gradient
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0
    assert utils.get_total_norm([tapeout.ones(9), tapeout.ones(7)]).item() == 4.0
    assert utils.get_total_norm([]).item() == 0.0


def test_gradients_that_are_not_finite():
    (p,) = parameters(tapeout, np.array([math.inf, 1.0], "float32"))
    text = "The total norm of order 2.0 for gradients from `parameters` is non-finite (inf), so it cannot be clipped"
    with pytest.raises(RuntimeError, match=re.escape(text)):
        utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [math.inf, 1.0]
    utils.clip_grad_norm_([p], 1.0)
    assert math.isnan(p.grad.tolist()[0])
    assert p.grad.tolist()[1] == 0.0


def test_clipping_by_value():
    (p,) = parameters(tapeout, np.array([-3.0, 0.2, 4.0], "float32"))
    utils.clip_grad_value_([p, tapeout.zeros(1)], 0.5)
    np.testing.assert_array_equal(p.grad.numpy(), np.array([-0.5, 0.2, 0.5], "float32"))


def test_parameters_to_a_vector_and_back():
    layer = nn.Linear(3, 2)
    vector = utils.parameters_to_vector(layer.parameters())
    assert vector.tolist() == [*layer.weight.detach().flatten().tolist(), *layer.bias.tolist()]
    assert vector.requires_grad
    memory = layer.weight.data_ptr()
    utils.vector_to_parameters(tapeout.arange(8.0), layer.parameters())
    assert layer.weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert layer.bias.tolist() == [6, 7]
    assert layer.weight.data_ptr() == memory
    assert layer.weight.requires_grad
    text = "the parameters have 8 elements in all, but the vector has shape [7]"
    with pytest.raises(RuntimeError, match=re.escape(text)):
        utils.vector_to_parameters(tapeout.arange(7.0), layer.parameters())
