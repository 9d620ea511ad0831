"""A compiled module takes its module's place: in other modules, for `isinstance`, as a container."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import tapeout as t
from compiling import same
from tapeout import nn

X = t.randn(4, 5)


class Net(nn.Module):
    def __init__(self, compiled: bool = True) -> None:
        super().__init__()
        body = nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.5), nn.Linear(8, 6))
        self.body = t.compile(body) if compiled else body
        self.head = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.head(t.relu(self.body(x)))


def net(compiled: bool = True) -> Net:
    t.manual_seed(3)
    return Net(compiled)


def test_it_is_registered_by_its_modules_names() -> None:
    ours, plain = net(), net(compiled=False)
    assert list(ours.state_dict()) == list(plain.state_dict())
    assert [k for k, _ in ours.named_parameters()] == [k for k, _ in plain.named_parameters()]
    assert [type(m) for m in ours.modules()] == [type(m) for m in plain.modules()]
    ours.load_state_dict(plain.state_dict())
    assert str(ours).count("Linear") == 3


def test_it_is_trained_with_the_rest() -> None:
    nets = [net(), net(compiled=False)]
    for each in nets:
        each.eval()
        assert not each.body.training
        optimizer = t.optim.Adam(each.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            each(X).square().mean().backward()
            optimizer.step()
    same(nets[0].body[0].weight, nets[1].body[0].weight)
    same(nets[0](X), nets[1](X))


def test_a_compiled_step_goes_through_it() -> None:
    model = net().eval()
    optimizer = t.optim.SGD(model.parameters(), lr=0.1)

    @t.compile
    def step(x: Any) -> Any:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    before = model.body[2].weight.clone()
    assert step(X).item() > step(X).item()
    assert "%body.2.weight" in str(step.ir())
    assert not t.equal(model.body[2].weight, before)


def test_it_is_what_its_module_is() -> None:
    body = net().body
    assert isinstance(body, nn.Sequential)
    assert not isinstance(body, nn.Linear)
    assert not isinstance(t.compile(lambda x: x), nn.Module)
    assert body._orig_mod is body.fn
    assert (len(body), [type(m) for m in body]) == (3, [nn.Linear, nn.Dropout, nn.Linear])
    assert body[0] is body.fn[0]
    assert nn.ModuleList([body])[0] is body
    same(nn.Sequential(body.eval(), nn.ReLU())(X), t.relu(body(X)))
    body[1] = nn.ReLU()
    same(body(X), body.fn(X))


def test_it_is_no_container_if_its_module_is_none() -> None:
    linear = t.compile(nn.Linear(2, 3))
    assert linear
    with pytest.raises(TypeError, match="has no len"):
        len(linear)


def test_a_copy_has_programs_of_its_own() -> None:
    model = net().eval()
    expected = model(X)
    other = copy.deepcopy(model)
    assert other.body.fn is not model.body.fn
    with t.no_grad():
        other.body[0].weight.zero_()
    same(model(X), expected)
    assert not t.equal(other(X), expected)


def test_a_module_whose_gradients_were_used_up_is_cast() -> None:
    model = net().eval()
    optimizer = t.optim.SGD(model.parameters(), lr=0.1)

    @t.compile
    def step(x: Any) -> None:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    step(X)
    model.to(t.float64)
    assert model.body[0].weight.dtype == t.float64
    with pytest.raises(RuntimeError, match="was used up by the compiled step"):
        _ = model.head.weight.grad
