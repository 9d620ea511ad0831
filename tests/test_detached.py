"""Detached tensors share memory and the count of writes with their source, but have a history of their own."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tapeout

torch = pytest.importorskip("torch")


def both(program: Any) -> None:
    """A program prints the same numbers, or raises the same kind of error, in both libraries."""
    found, expected = (outcome(program, lib) for lib in (tapeout, torch))
    assert found == expected


def outcome(program: Any, lib: ModuleType) -> Any:
    try:
        return program(lib)
    except RuntimeError as error:
        return (
            "in-place"
            if "inplace" in str(error) or "in-place" in str(error)
            else type(error).__name__
        )


def written_whole(lib: Any) -> Any:
    x, w = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
    h = x.detach()
    h += w
    (h * w).sum().backward()
    return w.grad.tolist(), x.grad, h.requires_grad, x.tolist(), x.is_leaf


def written_in_part(lib: Any) -> Any:
    w = lib.ones(2, requires_grad=True)
    h = lib.zeros(2).data
    h[0] = w.sum()
    (h * w).sum().backward()
    return w.grad.tolist(), h.tolist()


def written_without_recording(lib: Any) -> Any:
    w = lib.ones(2, requires_grad=True)
    h = (w * 2).detach()
    with lib.no_grad():
        h.add_(1)
    return h.tolist(), h.requires_grad


def source_written(lib: Any) -> Any:
    x = lib.zeros(3)
    h = x.detach()
    x.add_(1)
    h[1:].mul_(5)
    return x.tolist(), h.tolist(), x._version, h._version


def leaf_of_shared_memory(lib: Any) -> Any:
    x = lib.zeros(2)
    d = x.detach().requires_grad_()
    y = (d * d).sum()
    x.add_(1)
    y.backward()
    return d.grad.tolist()


def leaf_that_is_a_slice(lib: Any) -> Any:
    x = lib.zeros(4)
    v = x[1:3].requires_grad_()
    x.add_(2)
    (v * v).sum().backward()
    with lib.no_grad():
        v.mul_(10)
    return v.grad.tolist(), v.is_leaf, x.tolist(), x.requires_grad


def leaf_may_not_be_written(lib: Any) -> Any:
    v = lib.zeros(4)[1:3].requires_grad_()
    v.add_(1)


def detached_in_place(lib: Any) -> Any:
    y = lib.ones(3)
    d = y.detach()
    d.detach_()
    y.mul_(2)
    return (d + 1).tolist(), d.requires_grad


def computed_then_detached_in_place(lib: Any) -> Any:
    w = lib.ones(2, requires_grad=True)
    y = w * 3
    y.detach_()
    return y.requires_grad, y.is_leaf, y.tolist()


def view_detached_in_place(lib: Any) -> Any:
    lib.ones(3)[1:].detach_()


@pytest.mark.parametrize(
    "program",
    [
        written_whole, written_in_part, written_without_recording, source_written, leaf_of_shared_memory,
        leaf_that_is_a_slice, leaf_may_not_be_written, detached_in_place, computed_then_detached_in_place,
        view_detached_in_place,
    ],
)  # fmt: skip
def test_as_pytorch(program: Any) -> None:
    both(program)


def only_the_part_that_leads_there(lib: Any) -> Any:
    x, w = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
    b = w * w
    loss = (x * 2).sum() + b.sum()
    (first,) = lib.autograd.grad(loss, x)
    (second,) = lib.autograd.grad(b.sum(), w)
    return first.tolist(), second.tolist()


def gradients_are_kept_apart(lib: Any) -> Any:
    x, y, seed = (lib.ones(2, requires_grad=r) for r in (True, True, False))
    (x + y).backward(seed, create_graph=True)
    with lib.no_grad():
        x.grad.mul_(2)
    return x.grad.tolist(), y.grad.tolist(), seed.tolist()


def no_gradient_in_a_generator(lib: Any) -> Any:
    @lib.no_grad()
    def numbers() -> Any:
        received = yield lib.is_grad_enabled()
        yield received, lib.is_grad_enabled()
        return "end"

    running = numbers()
    return (
        next(running),
        lib.is_grad_enabled(),
        running.send(7),
        lib.is_grad_enabled(),
        list(running),
    )


def spread_of_equal_numbers(lib: Any) -> Any:
    x = lib.ones(4, 3, requires_grad=True)
    x.std(0).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(
    "program",
    [
        only_the_part_that_leads_there,
        gradients_are_kept_apart,
        no_gradient_in_a_generator,
        spread_of_equal_numbers,
    ],
)
def test_autograd_as_pytorch(program: Any) -> None:
    both(program)


def test_writes_without_recording_do_not_pile_up() -> None:
    w = tapeout.ones(2, requires_grad=True)
    y = w * 2
    with tapeout.no_grad():
        for _ in range(50):
            y.add_(1)
    depth, var = 0, y._var
    while var.operands:
        depth, var = depth + 1, var.operands[0]
    assert depth == 2
    y.sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [2, 2])
