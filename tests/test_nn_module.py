"""`nn.Module`: what it holds, how it is walked, and what it says about mistakes."""

from __future__ import annotations

import pytest

import tapeout
from nn_model import NAMES, STATISTICS, Net, at
from tapeout import nn


def test_attributes_are_registered_by_what_they_are():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == NAMES
    assert [n for n, _ in net.named_buffers()] == ["steps", "scratch", *STATISTICS]
    assert [n for n, _ in net.named_children()] == ["fc1", "act", "tail"]
    assert [n for n, _ in net.named_modules()] == ["", "fc1", "act", "tail", "tail.0", "tail.1"]
    assert [n for n, _ in net.named_state()] == [*NAMES, "steps", "scratch", *STATISTICS]
    assert "fc1" in dir(net)
    assert "steps" in dir(net)


def test_attributes_change_their_kind_with_what_is_assigned():
    net = nn.Module()
    net.x = 3
    net.x = nn.Parameter(tapeout.ones(1))
    assert list(dict(net.named_parameters())) == ["x"]
    net.x = nn.Linear(2, 1)
    assert [n for n, _ in net.named_parameters()] == ["x.weight", "x.bias"]
    net.x = None
    assert net.x is None
    assert list(net.named_modules()) == [("", net)]
    del net.x
    with at(AttributeError, "'Module' object has no attribute 'x'"):
        net.x
    with pytest.raises(AttributeError):
        del net.x


def test_a_buffer_is_replaced_by_assignment_and_a_plain_tensor_is_not_registered():
    net = Net()
    net.steps = tapeout.tensor(7)
    net.plain = tapeout.ones(2)
    assert dict(net.named_buffers())["steps"].item() == 7
    assert "plain" not in dict(net.named_state())


@pytest.mark.parametrize(
    "value, what",
    [
        (lambda: nn.Parameter(tapeout.ones(1)), "parameters"),
        (lambda: nn.ReLU(), "module"),
        (lambda: nn.Buffer(), "buffer"),
    ],
)
def test_assigning_before_init_is_refused(value, what):
    class Early(nn.Module):
        def __init__(self):
            self.x = value()

    text = f"cannot assign {what} before Module.__init__() call: Early.__init__() has to call super().__init__() first"
    with at(AttributeError, text):
        Early()


def test_calling_before_init_is_refused():
    class Early(nn.Module):
        def __init__(self):
            self.x = 1

    with at(AttributeError, "Early is called before Module.__init__() call"):
        Early()(1)


REFUSED = [
    (lambda m: setattr(m, "weight", tapeout.ones(2)), TypeError,
     "cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected); assign to"),
    (lambda m: setattr(m, "child", 1), TypeError,
     "cannot assign 'int' as child module 'child' (torch.nn.Module or None expected)"),
    (lambda m: setattr(m, "buf", 1), TypeError,
     "cannot assign 'int' as buffer 'buf' (torch.nn.Buffer, torch.Tensor or None expected)"),
    (lambda m: m.register_parameter("a.b", None), KeyError, 'contain ".", got: a.b'),
    (lambda m: m.register_parameter("", None), KeyError, 'be empty string ""'),
    (lambda m: m.register_parameter(1, None), TypeError, "parameter name should be a string. Got int"),
    (lambda m: m.register_parameter("forward", None), KeyError, "attribute 'forward' already exists"),
    (lambda m: m.register_parameter("z", tapeout.ones(2)), TypeError,
     "cannot assign 'torch.FloatTensor' object to parameter 'z' (torch.nn.Parameter or None required); wrap"),
    (lambda m: m.register_buffer("weight", tapeout.ones(1)), KeyError, "attribute 'weight' already exists"),
    (lambda m: m.register_buffer("q", 1), TypeError, "cannot assign 'int' object to buffer 'q' (torch Tensor or None"),
    (lambda m: m.add_module("q", 1), TypeError, "int is not a Module subclass"),
    (lambda m: m.add_module("weight", nn.ReLU()), KeyError, "attribute 'weight' already exists"),
    (lambda m: m.add_module("a.b", nn.ReLU()), KeyError, 'contain ".", got: a.b'),
    (lambda m: m.train(1), ValueError, "training mode is expected to be boolean, not 1"),
    (lambda m: m.to(tapeout.int64), TypeError,
     "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64"),
    (lambda m: m.to(3), TypeError, "Module.to() takes a dtype, a device or a tensor, not int 3"),
    (lambda m: m.cuda(), RuntimeError, "tapeout has no 'cuda' backend on this machine"),
    (lambda m: m.to("cuda:1"), RuntimeError, "found no device for 'cuda:1'"),
    (lambda m: m(1), NotImplementedError, 'Module [Module] is missing the required "forward" function'),
    (lambda m: m.get_submodule("child.a"), AttributeError, "ReLU has no attribute `a` (looking for 'child.a')"),
    (lambda m: m.get_submodule("weight"), AttributeError, "`weight` is not an nn.Module but a Parameter"),
    (lambda m: m.get_parameter("child"), AttributeError, "`child` is not an nn.Parameter"),
    (lambda m: m.get_parameter("q"), AttributeError, "Module has no attribute `q` (looking for 'q'); it has `weight`"),
    (lambda m: m.get_buffer("weight"), AttributeError, "`weight` is not a buffer"),
]  # fmt: skip


@pytest.mark.parametrize("mistake, error, text", REFUSED)
def test_mistakes_are_explained(mistake, error, text):
    module = nn.Module()
    module.weight = nn.Parameter(tapeout.ones(2))
    module.child = nn.ReLU()
    module.register_buffer("buf", tapeout.ones(1))
    with at(error, text):
        mistake(module)


def test_what_is_shared_comes_up_once():
    net = nn.Module()
    net.a = nn.Linear(2, 2)
    net.b = net.a
    net.c = nn.Linear(2, 2, bias=False)
    net.c.weight = net.a.weight
    assert [n for n, _ in net.named_parameters()] == ["a.weight", "a.bias"]
    every = ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight"]
    assert [n for n, _ in net.named_parameters(remove_duplicate=False)] == every
    assert len(list(net.modules())) == 3
    assert len(list(net.children())) == 2
    assert list(net.state_dict()) == every


def test_walking_with_a_prefix_and_without_descending():
    net = Net()
    assert [n for n, _ in net.named_parameters("net", recurse=False)] == ["net.scale"]
    assert [n for n, _ in net.named_buffers(recurse=False)] == ["steps", "scratch"]
    assert len(list(net.parameters(recurse=False))) == 1
    assert len(list(net.buffers())) == 5


def test_finding_by_path():
    net = Net()
    assert net.get_submodule("tail.1") is net.tail[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("fc1.bias") is net.fc1.bias
    assert net.get_buffer("tail.0.running_var") is net.tail[0].running_var
