"""`nn.Parameter` and `nn.Buffer`."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tapeout
from nn_model import at
from tapeout import nn


def test_a_parameter_shares_its_datas_memory_and_asks_for_gradients():
    data = tapeout.tensor([1.0, 2.0])
    p = nn.Parameter(data)
    assert isinstance(p, tapeout.Tensor)
    assert p.requires_grad
    assert p.is_leaf
    assert not data.requires_grad
    assert np.shares_memory(p.detach().numpy(), data.numpy())
    assert repr(p) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    assert type(p * 2) is tapeout.Tensor


@pytest.mark.parametrize("requires_grad", [True, False])
def test_writing_through_a_parameter_or_its_data_is_seen_by_both(requires_grad):
    data = tapeout.ones(2)
    p = nn.Parameter(data, requires_grad)
    with tapeout.no_grad():
        p.add_(1)
        assert (data * 2).tolist() == [4.0, 4.0]
        data.mul_(3)
    assert (p * 2).tolist() == [12.0, 12.0]


def test_a_parameter_of_a_computed_tensor_is_a_leaf():
    w = tapeout.ones(2, requires_grad=True)
    p = nn.Parameter(w * 3)
    (p * 2).sum().backward()
    assert p.grad.tolist() == [2.0, 2.0]
    assert w.grad is None


def test_a_parameter_may_be_frozen_or_empty_but_not_of_integers():
    assert not nn.Parameter(tapeout.ones(2), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    with at(RuntimeError, "only Tensors of floating point dtype can require gradients"):
        nn.Parameter(tapeout.tensor([1]))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_copies_of_a_parameter_are_parameters(duplicate, requires_grad):
    p = nn.Parameter(tapeout.tensor([1.0, 2.0]), requires_grad)
    q = duplicate(p)
    assert type(q) is nn.Parameter
    assert q.requires_grad is requires_grad
    assert q.tolist() == [1.0, 2.0]
    assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_buffer_registers_itself_and_knows_whether_it_persists(duplicate):
    module = nn.Module()
    module.kept = nn.Buffer(tapeout.ones(2))
    module.lost = duplicate(nn.Buffer(tapeout.ones(3), persistent=False))
    assert [n for n, _ in module.named_buffers()] == ["kept", "lost"]
    assert list(module.state_dict()) == ["kept"]
