"""The autograd engine against PyTorch: backward, grad, hooks into leaves, modes, higher derivatives, refusals."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout
from autograd_programs import PROGRAMS, leaf, long_chain
from function_samples import assert_same

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)
Program = Callable[[Any], Any]


def both_agree(program: Program, loose: float = 4.0) -> None:
    assert_same(tapeout, torch, *(program(lib) for lib in LIBRARIES), loose)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
@pytest.mark.filterwarnings("ignore:Using backward")
def test_programs(program: Program) -> None:
    both_agree(program)


def test_long_chains_do_not_recurse() -> None:
    both_agree(long_chain, loose=100)


def twice(lib: Any) -> None:
    y = (leaf(lib, 1.0, 2.0) ** 2).sum()
    y.backward()
    y.backward()


REFUSED: dict[str, tuple[Program, str]] = {
    "twice": (
        twice,
        "Trying to backward through the graph a second time.*Specify retain_graph=True",
    ),
    "not a scalar": (
        lambda lib: (leaf(lib, 1.0, 2.0) * 2).backward(),
        "grad can be implicitly created only for scalar outputs",
    ),
    "no graph": (
        lambda lib: lib.tensor(1.0).backward(),
        "element 0 of tensors does not require grad and does not have a grad_fn",
    ),
    "gradient of another shape": (
        lambda lib: (leaf(lib, 1.0, 2.0) * 2).backward(lib.ones(3)),
        r"Mismatch in shape.*\[3\].*\[2\]",
    ),
    "unused input": (
        lambda lib: lib.autograd.grad(leaf(lib, 1.0).sum(), leaf(lib, 2.0)),
        "appears to not have been used in the graph. Set allow_unused=True",
    ),
    "input without grad": (
        lambda lib: lib.autograd.grad(leaf(lib, 1.0).sum(), lib.ones(1)),
        "One of the differentiated Tensors does not require grad",
    ),
    "integer leaf": (
        lambda lib: lib.tensor([1, 2], requires_grad=True),
        "[Oo]nly Tensors of floating point",
    ),
    "integer leaf later": (
        lambda lib: lib.tensor([1, 2]).requires_grad_(),
        "only Tensors of floating point",
    ),
    "flag of a computed tensor": (
        lambda lib: (leaf(lib, 1.0) * 2).requires_grad_(False),
        "you can only change requires_grad flags of leaf variables",
    ),
    "numpy": (
        lambda lib: leaf(lib, 1.0).numpy(),
        r"Can't call numpy\(\) on Tensor that requires grad. Use tensor.detach\(\).numpy\(\) instead",
    ),
    "retain_grad of a constant": (
        lambda lib: lib.ones(1).retain_grad(),
        r"can't retain_grad on Tensor that has requires_grad=False",
    ),
    "grad of another shape": (
        lambda lib: setattr(leaf(lib, 1.0), "grad", lib.ones(3)),
        "assigned grad has data of a different size",
    ),
    "deepcopy of a computed tensor": (
        lambda lib: copy.deepcopy(leaf(lib, 1.0) * 2),
        "Only Tensors created explicitly by the user",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    program, text = REFUSED[name]
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        program(torch)
    with pytest.raises(theirs.type, match=text):
        program(tapeout)


def test_copies_of_leaves() -> None:
    for lib in LIBRARIES:
        x = leaf(lib, 1.0, 2.0)
        for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert twin.requires_grad
            assert twin.is_leaf
            assert twin.tolist() == [1.0, 2.0]
            with lib.no_grad():
                twin[0] = 5.0
            assert x.tolist() == [1.0, 2.0]


def test_deepcopy_keeps_shared_tensors_shared() -> None:
    for lib in LIBRARIES:
        x = leaf(lib, 1.0)
        first, second = copy.deepcopy([x, x])
        assert first is second


GRAPHS: dict[str, Program] = {
    "mul": lambda lib: leaf(lib, 1.0) * 2,
    "chain": lambda lib: (leaf(lib, 1.0) * 2).exp().sum(),
    "matmul": lambda lib: lib.ones(2, 2) @ lib.ones(2, 3).requires_grad_(),
    "view": lambda lib: lib.ones(4).requires_grad_().view(2, 2),
    "clone": lambda lib: leaf(lib, 1.0).clone(),
    "mean": lambda lib: leaf(lib, 1.0, 3.0).mean(),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_printing_names_the_graph_node(name: str) -> None:
    ours, theirs = (GRAPHS[name](lib) for lib in LIBRARIES)
    assert repr(ours) == repr(theirs)
    assert ours.grad_fn.name() == theirs.grad_fn.name()


def test_the_graph_can_be_walked() -> None:
    x = leaf(tapeout, 1.0)
    node = (x * 2).exp().grad_fn
    assert node.name() == "ExpBackward0"
    ((before, _),) = node.next_functions
    assert before.name() == "MulBackward0"
    assert before.next_functions[0][0].name() == "AccumulateGrad"
    assert x.grad_fn is None


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_a_small_network_in_double_precision(order: int) -> None:
    """A whole network, differentiated once and twice, agrees to the last few bits."""

    def program(lib: Any) -> Any:
        rng = np.random.default_rng(0)
        w1, w2, b = (
            lib.tensor(rng.normal(size=s), requires_grad=True) for s in ((5, 3), (2, 5), (5,))
        )
        x = lib.tensor(rng.normal(size=(7, 3)))
        out = lib.log_softmax(lib.sigmoid(x @ w1.T + b) @ w2.t(), dim=1)
        loss = -(out[lib.arange(7), lib.tensor([0, 1, 1, 0, 1, 0, 0])]).mean()
        grads = lib.autograd.grad(loss, [w1, w2, b], create_graph=order == 2)
        if order == 1:
            return list(grads)
        return list(lib.autograd.grad(sum((g * g).sum() for g in grads), [w1, w2, b]))

    both_agree(program)
