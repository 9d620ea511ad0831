"""`Sequential`, `ModuleList`, `ModuleDict`, `ParameterList`."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tapeout
from tapeout import nn


def three() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def test_sequential_calls_one_after_the_other():
    net = three()
    x = tapeout.ones(5, 3)
    assert net(x).tolist() == net[2](net[1](net[0](x))).tolist()
    assert nn.Sequential()(x) is x


def test_sequential_is_indexed_sliced_and_iterated():
    net = three()
    assert len(net) == 3
    assert list(net) == [net[0], net[1], net[2]]
    assert net[-1] is net[2]
    assert net[1] in net
    tail = net[1:]
    assert type(tail) is nn.Sequential
    assert list(tail) == [net[1], net[2]]
    assert list(tail.state_dict()) == ["2.weight", "2.bias"]
    with pytest.raises(IndexError, match="index 3 is out of range: the Sequential has 3 modules"):
        net[3]


def test_sequential_of_names():
    net = nn.Sequential(OrderedDict([("fc", nn.Linear(3, 2)), ("act", nn.Tanh())]))
    assert net.fc is net[0]
    assert list(net.state_dict()) == ["fc.weight", "fc.bias"]
    assert list(net[:1].state_dict()) == ["fc.weight", "fc.bias"]


def test_sequential_is_changed_in_place():
    net = three()
    relu, last = net[1], net[2]
    assert net.append(nn.Tanh()) is net
    net.extend([nn.Sigmoid()])
    net += [nn.Identity()]
    assert [type(m).__name__ for m in net] == [
        "Linear",
        "ReLU",
        "Linear",
        "Tanh",
        "Sigmoid",
        "Identity",
    ]
    del net[3:]
    assert net.pop(1) is relu
    assert [n for n, _ in net.named_children()] == ["0", "1"]
    assert net[1] is last
    net.insert(1, relu)
    net[0] = nn.Linear(3, 4, bias=False)
    assert list(net.state_dict()) == ["0.weight", "2.weight", "2.bias"]
    both = net + nn.Sequential(nn.Tanh())
    assert len(both) == 4
    assert len(net) == 3
    del net[-1]
    assert list(net) == [net[0], relu]


@pytest.mark.parametrize(
    "place, order", [(0, "Tanh ReLU GELU"), (-1, "ReLU Tanh GELU"), (2, "ReLU GELU Tanh")]
)
def test_inserting_goes_before_a_place(place, order):
    modules = nn.ModuleList([nn.ReLU(), nn.GELU()])
    modules.insert(place, nn.Tanh())
    assert " ".join(type(m).__name__ for m in modules) == order
    assert [n for n, _ in modules.named_children()] == ["0", "1", "2"]


def test_module_list_registers_and_has_no_forward():
    modules = nn.ModuleList(nn.Linear(2, n) for n in (1, 3))
    assert [tuple(p.shape) for p in modules.parameters()] == [(1, 2), (1,), (3, 2), (3,)]
    assert type(modules[1:]) is nn.ModuleList
    assert [n for n, _ in modules[1:].named_children()] == ["0"]
    with pytest.raises(NotImplementedError, match="ModuleList"):
        modules(1)
    with pytest.raises(
        TypeError, match=r"ModuleList.extend should be called with an iterable, but got int"
    ):
        modules.extend(3)
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        nn.ModuleList([1])


def test_module_dict_behaves_as_a_dict():
    modules = nn.ModuleDict({"a": nn.Linear(2, 1)})
    modules["b"] = nn.ReLU()
    modules.update([("c", nn.Tanh())])
    assert list(modules) == list(modules.keys()) == ["a", "b", "c"]
    assert "b" in modules
    assert len(modules) == 3
    assert modules.pop("c") is not None
    del modules["b"]
    assert [n for n, _ in modules.items()] == ["a"]
    assert list(modules.values()) == [modules["a"]]
    assert list(modules.state_dict()) == ["a.weight", "a.bias"]
    modules.clear()
    assert not list(modules.parameters())
    with pytest.raises(TypeError, match="iterable of key/value pairs, but got int"):
        modules.update(3)


def test_parameter_list_makes_parameters():
    values = nn.ParameterList([tapeout.ones(2), nn.Parameter(tapeout.zeros(3))])
    values.append(tapeout.ones(1))
    values += [tapeout.ones(4)]
    assert all(isinstance(p, nn.Parameter) for p in values)
    assert [p.shape[0] for p in values] == [2, 3, 1, 4]
    assert values[-1].shape == (4,)
    assert len(values[:2]) == 2
    values[0] = tapeout.zeros(5)
    assert [n for n, _ in values.named_parameters()] == ["0", "1", "2", "3"]
    assert values[0].shape == (5,)
    with pytest.raises(
        IndexError, match="index 4 is out of range: the ParameterList has 4 parameters"
    ):
        values[4]
    with pytest.raises(TypeError, match="a ParameterList holds tensors, not int 3"):
        values.append(3)
