"""State dictionaries: saving and loading."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tapeout
from nn_model import KEYS, Net, at
from tapeout import nn


def test_state_dict_shares_memory_and_leaves_out_what_does_not_persist():
    net = Net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == KEYS
    assert not any(t.requires_grad for t in state.values())
    state["scale"].zero_()
    assert net.scale.item() == 0.0
    assert list(net.state_dict(prefix="m."))[:2] == ["m.scale", "m.steps"]
    assert net.state_dict(keep_vars=True)["scale"] is net.scale


def test_loading_copies_in_place():
    tapeout.manual_seed(1)
    source, target = Net(), Net()
    weight, memory = target.fc1.weight, target.fc1.weight.data_ptr()
    found = target.load_state_dict(source.state_dict())
    assert repr(found) == "<All keys matched successfully>"
    assert found.missing_keys == found.unexpected_keys == []
    assert target.fc1.weight is weight
    assert weight.data_ptr() == memory
    assert weight.requires_grad
    for key, value in source.state_dict().items():
        assert value.tolist() == target.state_dict()[key].tolist()


def test_loading_casts_and_may_take_tensors_over():
    layer = nn.Linear(2, 1, bias=False)
    given = {"weight": tapeout.tensor([[1.5, 2.5]], dtype=tapeout.float64)}
    layer.load_state_dict(given)
    assert layer.weight.dtype is tapeout.float32
    assert layer.weight.tolist() == [[1.5, 2.5]]
    layer.load_state_dict(given, assign=True)
    assert layer.weight.dtype is tapeout.float64
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.requires_grad


def test_one_error_lists_everything_that_does_not_fit():
    layer = nn.Linear(2, 3)
    before = layer.weight.tolist()
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict(
            {"weight": tapeout.ones(2, 2), "c": tapeout.ones(1), "d": tapeout.ones(1)}
        )
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Linear:\n"
        '\tMissing key(s) in state_dict: "bias". \n'
        '\tUnexpected key(s) in state_dict: "c", "d". \n'
        "\tsize mismatch for weight: copying a param with shape torch.Size([2, 2]) from checkpoint, the shape in "
        "current model is torch.Size([3, 2])."
    )
    assert layer.weight.tolist() == before


def test_not_strict_loading_tells_what_it_left_out():
    layer = nn.Linear(2, 1)
    found = layer.load_state_dict(
        {"bias": tapeout.tensor([4.0]), "c": tapeout.ones(1)}, strict=False
    )
    assert layer.bias.tolist() == [4.0]
    assert str(found) == "_IncompatibleKeys(missing_keys=['weight'], unexpected_keys=['c'])"
    with at(RuntimeError, "size mismatch for bias"):
        layer.load_state_dict({"bias": tapeout.ones(2)}, strict=False)
    with at(RuntimeError, 'While copying the parameter named "bias", expected torch.Tensor'):
        layer.load_state_dict({"bias": 1.0}, strict=False)
    with at(TypeError, "Expected state_dict to be dict-like, got <class 'list'>."):
        layer.load_state_dict([])
