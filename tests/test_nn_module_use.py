"""`nn.Module` in use: modes, casts, gradients, hooks, copies, printing."""

from __future__ import annotations

import copy
import pickle

import pytest

import tapeout
from nn_model import Net, at
from tapeout import nn


def test_train_and_eval_reach_every_module():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


def test_casts_keep_the_parameters_and_leave_integers():
    net = Net()
    parameters = list(net.parameters())
    net(tapeout.ones(4, 3)).sum().backward()
    assert net.double() is net
    assert all(p is q for p, q in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {tapeout.float64}
    assert net.fc1.weight.grad.dtype is tapeout.float64
    assert net.fc1.weight.requires_grad
    assert net.tail[0].running_mean.dtype is tapeout.float64
    assert net.tail[0].num_batches_tracked.dtype is tapeout.int64
    assert net(tapeout.ones(4, 3, dtype=tapeout.float64)).dtype is tapeout.float64


@pytest.mark.parametrize(
    "cast, dtype",
    [
        (lambda m: m.half(), "float16"), (lambda m: m.bfloat16(), "bfloat16"), (lambda m: m.float(), "float32"),
        (lambda m: m.to(tapeout.float64), "float64"), (lambda m: m.to("cpu", tapeout.float16), "float16"),
        (lambda m: m.to(dtype=tapeout.float64, device="cpu"), "float64"), (lambda m: m.cpu(), "float32"),
        (lambda m: m.to(tapeout.ones(1, dtype=tapeout.float64)), "float64"), (lambda m: m.to("cpu"), "float32"),
        (lambda m: m.type(tapeout.float64), "float64"),
    ],
)  # fmt: skip
def test_every_way_to_cast(cast, dtype):
    layer = nn.Linear(2, 1)
    assert cast(layer) is layer
    assert layer.bias.dtype is getattr(tapeout, dtype)


def test_gradients_are_dropped_or_zeroed_and_switched():
    layer = nn.Linear(2, 1)
    layer(tapeout.ones(3, 2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad.tolist() == [[0.0, 0.0]]
    layer.zero_grad()
    assert layer.weight.grad is None
    assert not any(p.requires_grad for p in layer.requires_grad_(False).parameters())
    assert not layer(tapeout.ones(3, 2)).requires_grad


def test_apply_goes_from_the_leaves_to_the_root():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "BatchNorm1d", "Linear", "Sequential", "Net"]


def test_hooks_see_and_replace_arguments_and_results():
    layer = nn.Linear(1, 1)
    seen = []
    layer.register_forward_pre_hook(lambda m, args: seen.append(("before", len(args))))
    layer.register_forward_pre_hook(lambda m, args: args[0] * 0)
    layer.register_forward_hook(lambda m, args, out: seen.append(("after", args[0].item())))
    handle = layer.register_forward_hook(lambda m, args, out: out * 0 + 7)
    assert layer(tapeout.ones(1, 1)).item() == 7.0
    assert seen == [("before", 1), ("after", 0.0)]
    handle.remove()
    handle.remove()
    assert layer(tapeout.ones(1, 1)).item() == layer.bias.item()


def test_hooks_with_keywords_order_and_scope():
    class Scaled(nn.Module):
        def forward(self, x, by=1):
            return x * by

    module = Scaled()
    module.register_forward_pre_hook(lambda m, a, k: (a, {"by": k["by"] + 1}), with_kwargs=True)
    order = []
    module.register_forward_hook(lambda m, a, out: order.append("second"))
    with module.register_forward_hook(
        lambda m, a, k, out: order.append(k["by"]), prepend=True, with_kwargs=True
    ):
        assert module(2, by=3) == 8
    assert order == [4, "second"]
    assert module(2, by=3) == 8
    assert order == [4, "second", "second"]
    module.register_forward_pre_hook(lambda m, a, k: 5, with_kwargs=True)
    with at(RuntimeError, "must return None or a tuple of (new_args, new_kwargs), but got 5"):
        module(2, by=3)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent(duplicate):
    net = Net().eval()
    net.tied = net.fc1
    other = duplicate(net)
    assert list(other.state_dict()) == list(net.state_dict())
    assert other.tied is other.fc1
    assert not other.training
    x = tapeout.ones(2, 3)
    assert other(x).tolist() == net(x).tolist()
    with tapeout.no_grad():
        net.fc1.weight.zero_()
    assert other.fc1.weight.abs().sum().item() > 0
    assert isinstance(other.fc1.weight, nn.Parameter)
    assert list(other.state_dict()) == [k for k in net.state_dict() if k != "scratch"]


def test_printing():
    class Shown(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(2, 1))

        def extra_repr(self):
            return "gain=2"

    assert repr(nn.Module()) == "Module()"
    assert repr(Shown()) == (
        "Shown(\n  gain=2\n  (inner): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=1, bias=True)\n  )\n)"
    )
