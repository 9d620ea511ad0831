"""Small programs about gradients, for either library: `program(lib)` returns what both must agree on."""

from __future__ import annotations

from typing import Any


def leaf(lib: Any, *data: Any) -> Any:
    return lib.tensor(list(data), requires_grad=True)


def accumulation(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    return [x.grad, first is x.grad, first]


def given_gradient(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    (x * x).backward(lib.tensor([0.5, 4.0]))
    return x.grad


def several_outputs(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    lib.autograd.backward([(x * x).sum(), (x * 3).sum()], [lib.tensor(2.0), None])
    return x.grad


def a_leaf_itself(lib: Any) -> Any:
    x = lib.tensor(2.0, requires_grad=True)
    x.backward()
    return x.grad


def one_element(lib: Any) -> Any:
    x = lib.tensor([[3.0]], requires_grad=True)
    (x * x).backward()
    return x.grad


def retained(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    y = x * 3
    y.retain_grad()
    (y * y).sum().backward()
    return [x.grad, y.grad, y.is_leaf]


def graph_retained(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def shared_subgraph_without_saved_values(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    y = x + 1
    y.sum().backward()
    y.sum().backward()
    return x.grad


def diamond(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    a, b = x * 2, x.exp()
    ((a * b) + a / b).sum().backward()
    return x.grad


def unused_is_none(lib: Any) -> Any:
    x, unused = leaf(lib, 1.0), leaf(lib, 2.0)
    (x * 2).sum().backward()
    return [x.grad, unused.grad]


def grads_of_inputs(lib: Any) -> Any:
    x, y = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 5.0)
    found = lib.autograd.grad((x * y).sum(), [x, y])
    return [*found, x.grad, y.grad]


def grad_of_a_middle(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    y = x * 3
    return lib.autograd.grad((y * y).sum(), y)


def grad_with_unused(lib: Any) -> Any:
    x, y = leaf(lib, 1.0), leaf(lib, 2.0)
    return lib.autograd.grad((x * 2).sum(), (x, y), allow_unused=True)


def grad_materialized(lib: Any) -> Any:
    x, y = leaf(lib, 1.0), leaf(lib, 2.0, 3.0)
    return lib.autograd.grad((x * 2).sum(), (x, y), materialize_grads=True)


def grad_outputs(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    return lib.autograd.grad(x * x, x, lib.tensor([1.0, 10.0]))


def second_derivative(lib: Any) -> Any:
    x = leaf(lib, 0.5, 2.0)
    (first,) = lib.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = lib.autograd.grad(second.sum(), x)
    return [first, second, third, first.requires_grad, third.requires_grad]


def gradient_penalty(lib: Any) -> Any:
    x, w = leaf(lib, 0.5, -1.0), leaf(lib, 0.3, 0.8)
    (g,) = lib.autograd.grad((x * w).tanh().sum(), x, create_graph=True)
    (g.norm() - 1).pow(2).backward()
    return [x.grad, w.grad]


def create_graph_in_backward(lib: Any) -> Any:
    x = leaf(lib, 2.0)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    (g * g).sum().backward()
    return [g, x.grad]


def detach_stops(lib: Any) -> Any:
    x = leaf(lib, 2.0, 3.0)
    (x * x.detach()).sum().backward()
    return x.grad


def no_grad_stops(lib: Any) -> Any:
    x = leaf(lib, 2.0, 3.0)
    with lib.no_grad():
        y = x * x
    z = x * y
    z.sum().backward()
    return [x.grad, y.requires_grad, y.is_leaf, y.grad_fn]


def enable_inside_no_grad(lib: Any) -> Any:
    x = leaf(lib, 2.0)
    with lib.no_grad(), lib.enable_grad():
        y = x * x
    return y.requires_grad


def decorators(lib: Any) -> Any:
    @lib.no_grad()
    def plain(x: Any) -> Any:
        return x * 2

    @lib.enable_grad()
    def recorded(x: Any) -> Any:
        return x * 2

    @lib.inference_mode()
    def inferred(x: Any) -> Any:
        return x * 2, lib.is_inference_mode_enabled()

    x = leaf(lib, 2.0)
    with lib.no_grad():
        inside = recorded(x)
    y, flag = inferred(x)
    return [plain(x).requires_grad, inside.requires_grad, y.requires_grad, flag, plain.__name__]


def nested_modes(lib: Any) -> Any:
    seen = [lib.is_grad_enabled()]
    with lib.no_grad():
        seen.append(lib.is_grad_enabled())
        with lib.set_grad_enabled(True):
            seen.append(lib.is_grad_enabled())
        seen.append(lib.is_grad_enabled())
    return [*seen, lib.is_grad_enabled()]


def mode_restored_after_an_error(lib: Any) -> Any:
    try:
        with lib.no_grad():
            raise KeyError
    except KeyError:
        return lib.is_grad_enabled()


def set_grad_enabled_as_function(lib: Any) -> Any:
    lib.set_grad_enabled(False)
    seen = lib.is_grad_enabled()
    lib.set_grad_enabled(True)
    return [seen, lib.is_grad_enabled()]


def frozen_operand(lib: Any) -> Any:
    x, w = leaf(lib, 1.0, 2.0), lib.tensor([3.0, 4.0])
    (x * w).sum().backward()
    return [x.grad, w.grad, w.requires_grad]


def requires_grad_toggled(lib: Any) -> Any:
    x = lib.tensor([1.0, 2.0])
    before = (x * 2).requires_grad
    x.requires_grad_()
    middle = (x * 2).requires_grad
    x.requires_grad = False
    return [before, middle, (x * 2).requires_grad]


def grad_assigned(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    x.grad = lib.tensor([10.0, 20.0])
    (x * 2).sum().backward()
    return x.grad


def other_dtype(lib: Any) -> Any:
    x = lib.tensor([1.0, 2.0], dtype=lib.float64, requires_grad=True)
    (x.float() * lib.tensor([2.0, 3.0])).sum().backward()
    return x.grad


def integers_carry_no_gradient(lib: Any) -> Any:
    x = leaf(lib, 1.6, 2.0)
    return [
        x.long().requires_grad,
        (x > 1).requires_grad,
        x.argmax().requires_grad,
        x.sort().indices.requires_grad,
    ]


def long_chain(lib: Any) -> Any:
    x = leaf(lib, 1.0)
    y = x
    for _ in range(3000):
        y = y + 0.001 * y
    y.sum().backward()
    return x.grad


def aliases_of_a_gradient(lib: Any) -> Any:
    """Two leaves that get the same gradient must not share its memory."""
    x, y = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    g = lib.ones(2)
    (x + y).backward(g)
    x.grad.mul_(5)
    g.mul_(7)
    return [x.grad, y.grad]


def seeds_are_not_kept(lib: Any) -> Any:
    x = leaf(lib, 1.0, 2.0)
    x.sum().backward()
    x.grad.add_(1)
    return x.grad


PROGRAMS = [
    accumulation,
    given_gradient,
    several_outputs,
    a_leaf_itself,
    one_element,
    retained,
    graph_retained,
    diamond,
    unused_is_none,
    shared_subgraph_without_saved_values,
    grads_of_inputs,
    grad_of_a_middle,
    grad_with_unused,
    grad_materialized,
    grad_outputs,
    second_derivative,
    gradient_penalty,
    create_graph_in_backward,
    detach_stops,
    no_grad_stops,
    enable_inside_no_grad,
    decorators,
    nested_modes,
    mode_restored_after_an_error,
    set_grad_enabled_as_function,
    frozen_operand,
    requires_grad_toggled,
    grad_assigned,
    other_dtype,
    integers_carry_no_gradient,
    aliases_of_a_gradient,
    seeds_are_not_kept,
]
