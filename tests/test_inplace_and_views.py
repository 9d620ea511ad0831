"""In-place operations and views against PyTorch: values, versions, gradients, shared memory, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_identical, assert_same
from inplace_programs import LIBRARIES, Program, both_agree, leaf, outcome

torch = pytest.importorskip("torch")


# ---- views

VIEWS: dict[str, Callable[[Any], Any]] = {
    "row": lambda x: x[1],
    "column": lambda x: x[:, 2],
    "window": lambda x: x[1:3, ::2],
    "view": lambda x: x.view(2, 6),
    "reshape": lambda x: x.reshape(12),
    "transpose": lambda x: x.t(),
    "T": lambda x: x.T,
    "permute": lambda x: x.permute(1, 0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x[:, None].squeeze(1),
    "narrow": lambda x: x.narrow(0, 1, 2),
    "select": lambda x: x.select(1, 0),
    "split": lambda x: x.split(2)[1],
    "chunk": lambda x: x.chunk(2)[0],
    "unbind": lambda x: x.unbind(1)[2],
    "diagonal": lambda x: x.diagonal(),
    "chained": lambda x: x[1:].t()[1:],
    "of a view": lambda x: x[1:][0:2][:, 1:],
    "movedim": lambda x: x.movedim(0, 1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "all": lambda x: x[:],
    "ellipsis": lambda x: x[...],
    "view_as": lambda x: x.view_as(x),
    "element": lambda x: x[2, 1],
    "iteration": lambda x: list(x)[3],
    "unflatten": lambda x: x.unflatten(0, (2, 2)),
}


# PyTorch refuses writes through one of several views that a function returned; here they are as good as any.
SEVERAL = ("split", "chunk", "unbind", "iteration")
SINGLE = {k: v for k, v in VIEWS.items() if k not in SEVERAL}


@pytest.mark.parametrize("take", SINGLE.values(), ids=SINGLE.keys())
def test_writing_through_a_view_is_seen_by_the_base_and_differentiated(take: Any) -> None:
    def program(lib: Any, x: Any) -> Any:
        y = x * 2
        part = take(y)
        part.mul_(3)
        y.add_(1)
        take(y).copy_(take(x) * 5 + part)
        return y * x

    both_agree(program)


@pytest.mark.parametrize("several, single", [("split", "narrow"), ("unbind", "column")])
def test_writing_through_one_of_several_views_is_differentiated_too(
    several: str, single: str
) -> None:
    """As writing through the same window taken alone."""

    def program(take: Any) -> Any:
        def run(lib: Any, x: Any) -> Any:
            y = x * 2
            take(y).mul_(x.detach()[0, 0])
            return y * x

        return outcome(run, tapeout)

    alone = VIEWS["column"] if single == "column" else lambda x: x[2:4]
    for mine, expected in zip(program(VIEWS[several]), program(alone), strict=True):
        assert_identical(mine.detach().numpy(), expected.detach().numpy())


@pytest.mark.parametrize("take", SINGLE.values(), ids=SINGLE.keys())
def test_a_view_sees_writes_to_its_base(take: Any) -> None:
    def program(lib: Any, x: Any) -> Any:
        y = x * 2
        part = take(y)
        y.mul_(x)
        y[0] = 7.0
        return part * 2

    both_agree(program)


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS.keys())
def test_views_share_memory_as_in_pytorch(take: Any) -> None:
    shared = []
    for lib in LIBRARIES:
        x = lib.zeros(4, 3)
        part = take(x)
        part.fill_(1)
        shared.append([x, part, part._version])
    assert_same(tapeout, torch, *shared)


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS.keys())
def test_traced_writing_through_views_equals_eager(take: Any) -> None:
    def program(x: Any) -> Any:
        y = x * 2
        part = take(y)
        part.mul_(3)
        y.add_(1)
        return y, part

    x = leaf(tapeout, 4, 3).detach()
    func = tapeout.ir.verify(tapeout.trace(program, x))
    for mine, eager in zip(tapeout.ir.run(func, x.numpy()), program(x), strict=True):
        assert_identical(mine, eager.numpy())


def test_two_views_that_overlap() -> None:
    def program(lib: Any, x: Any) -> Any:
        y = x * 1
        first, second = y[:3], y[1:]
        first.mul_(2)
        second.add_(first.clone())
        return first * second

    both_agree(program)


def test_a_loop_that_fills_rows() -> None:
    def program(lib: Any, x: Any) -> Any:
        out = lib.zeros(4, 3)
        for i in range(4):
            out[i] = x[i] * i + (out[i - 1] if i else 0)
        return out

    both_agree(program)


def test_a_value_written_into_a_tensor_that_needs_no_gradient() -> None:
    def program(lib: Any, x: Any) -> Any:
        out = lib.zeros(2, 4, 3)
        assert not out.requires_grad
        out[1] = x
        assert out.requires_grad
        assert not out.is_leaf
        return out

    both_agree(program)


# ---- the version check


@pytest.mark.parametrize("function", ["exp", "sigmoid", "tanh", "sqrt"])
def test_overwriting_a_saved_result_is_noticed(function: str) -> None:
    for lib in LIBRARIES:
        y = getattr(leaf(lib, 3), function)()
        y.add_(1)
        with pytest.raises(
            RuntimeError,
            match=r"modified by an inplace operation.*is at version 1; expected version 0",
        ):
            y.sum().backward()


def test_overwriting_a_saved_operand_is_noticed() -> None:
    for lib in LIBRARIES:
        a, b = leaf(lib, 3), leaf(lib, 3) * 1
        product = a * b
        b.zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            product.sum().backward()


def test_overwriting_through_a_view_is_noticed() -> None:
    for lib in LIBRARIES:
        y = leaf(lib, 3) * 1
        z = y * y
        y[1:].fill_(0)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_overwriting_what_no_gradient_needs_is_allowed() -> None:
    both_agree(lambda lib, x: (x * 2).add_(1).mul_(3))


def test_writes_through_data_and_detach_are_seen() -> None:
    results = []
    for lib in LIBRARIES:
        x = leaf(lib, 4)
        x.data.mul_(2)
        x.detach()[1] = 9.0
        x.data[0] = -1.0
        results.append([x, x.data, x.is_leaf, x.requires_grad, x.data.requires_grad])
    assert_same(tapeout, torch, *results)


# ---- refusals

REFUSED: dict[str, tuple[Program, str]] = {
    "leaf": (
        lambda lib, x: x.add_(1),
        "a leaf Variable that requires grad is being used in an in-place operation",
    ),
    "leaf operator": (lambda lib, x: x.__iadd__(1), "a leaf Variable that requires grad"),
    "leaf item": (
        lambda lib, x: x.__setitem__(0, 1.0),
        "a view of a leaf Variable that requires grad",
    ),
    "view of leaf": (lambda lib, x: x[0].mul_(2), "a view of a leaf Variable that requires grad"),
    "expanded": (lambda lib, x: lib.zeros(1).expand(3).add_(1), "single memory location"),
    "float into int": (
        lambda lib, x: lib.tensor([1, 2]).add_(1.5),
        "result type Float can't be cast to the desired output type",
    ),
    "float tensor into int": (
        lambda lib, x: lib.tensor([1, 2]).mul_(lib.ones(2)),
        "result type Float can't be cast to the desired output type",
    ),
    "int into bool": (
        lambda lib, x: lib.tensor([True]).add_(2),
        "can't be cast to the desired output type Bool",
    ),
    "growing": (
        lambda lib, x: lib.zeros(3).add_(lib.zeros(2, 3)),
        r"output with shape \[3\] doesn't match the broadcast shape \[2, 3\]",
    ),
    "growing operator": (
        lambda lib, x: lib.zeros(1).__iadd__(lib.zeros(2)),
        r"output with shape \[1\] doesn't match the broadcast shape \[2\]",
    ),
    "div into int": (
        lambda lib, x: lib.tensor([4]).div_(2),
        "result type Float can't be cast to the desired output type",
    ),
    "view of transposed": (
        lambda lib, x: x.t().view(-1),
        "view size is not compatible with input tensor's size and stride",
    ),
    "view of wrong size": (
        lambda lib, x: x.view(5),
        r"shape '\[5\]' is invalid for input of size 12",
    ),
    "fill with vector": (
        lambda lib, x: lib.zeros(2).fill_(lib.zeros(2)),
        "fill_ only supports 0-dimension value tensor",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    program, text = REFUSED[name]
    for lib in reversed(LIBRARIES):
        with pytest.raises(RuntimeError, match=text):
            program(lib, leaf(lib, 4, 3))


def test_leaves_may_be_written_without_recording() -> None:
    results = []
    for lib in LIBRARIES:
        x = leaf(lib, 4, 3)
        with lib.no_grad():
            x.mul_(2)
            x[1] = 0.0
            x -= 1
        x.data += 1
        results.append([x, x.is_leaf, x.requires_grad, x.grad_fn])
    assert_same(tapeout, torch, *results)


def test_data_can_be_replaced() -> None:
    results = []
    for lib in LIBRARIES:
        x = leaf(lib, 2)
        new = lib.tensor([5.0, 6.0, 7.0])
        x.data = new
        new[0] = 8.0
        (x * x).sum().backward()
        results.append([x, x.grad, x.is_leaf])
    assert_same(tapeout, torch, *results)


def test_detach_in_place() -> None:
    results = []
    for lib in LIBRARIES:
        y = leaf(lib, 3) * 2
        y.detach_()
        results.append([y, y.requires_grad, y.is_leaf])
    assert_same(tapeout, torch, *results)


def test_requires_grad_after_a_view_of_plain_memory() -> None:
    """A slice of plain data becomes a leaf of its own and still shares the memory."""
    results = []
    for lib in LIBRARIES:
        base = lib.arange(6, dtype=lib.float32)
        part = base[2:5].requires_grad_()
        (part * part).sum().backward()
        base[2] = 100.0
        results.append([part, part.grad, part.is_leaf, base.requires_grad])
    assert_same(tapeout, torch, *results)


def test_numpy_shares_memory_both_ways() -> None:
    array = np.zeros(3, np.float32)
    x = tapeout.from_numpy(array)
    array[1] = 5
    assert x.tolist() == [0, 5, 0]
    x[2] = 7
    assert array.tolist() == [0, 5, 7]
    x.numpy()[0] = 9
    assert x.tolist() == array.tolist() == [9, 5, 7]


def test_read_only_arrays_are_refused_when_written() -> None:
    array = np.zeros(3, np.float32)
    array.flags.writeable = False
    with pytest.raises(RuntimeError, match=r"read-only.*clone\(\)"):
        tapeout.from_numpy(array).add_(1)
