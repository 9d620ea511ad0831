"""Traces: what becomes an argument, what becomes an update, what cannot be traced, and that running is the same."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapeout as t
from tapeout import ir
from tapeout.tracer.program import trace_program


def f64(*shape: int, seed: int = 0) -> t.Tensor:
    return t.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def parameter(*shape: int, seed: int = 0) -> t.Tensor:
    return f64(*shape, seed=seed).requires_grad_()


def listed(returned: Any) -> tuple[t.Tensor, ...]:
    return returned if isinstance(returned, tuple) else (returned,)


def check_steps(
    make: Callable[[], tuple[Callable[..., Any], list[t.Tensor]]], inputs: list[t.Tensor]
) -> None:
    """Three steps eagerly and three as a program give the same results and leave the same state, bit for bit."""
    (eager, eager_state), (step, state) = make(), make()
    traced = trace_program(step, *inputs)
    for _ in range(3):
        expected = eager(*inputs)
        found = ir.verify(traced.func) and traced.run(*inputs)
        for a, b in zip(listed(found), listed(expected), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.detach().numpy())
        for a, b in zip(state, eager_state, strict=True):
            np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def sgd_step() -> tuple[Callable[..., Any], list[t.Tensor]]:
    w, b, count = parameter(3, 4), parameter(3, seed=1), t.zeros((), dtype=t.float64)

    def step(x: t.Tensor, y: t.Tensor) -> t.Tensor:
        w.grad = b.grad = None
        loss = ((t.tanh(x @ w.t() + b) - y) ** 2).mean()
        loss.backward()
        with t.no_grad():
            for p in (w, b):
                p.sub_(0.1 * p.grad)
            count.add_(1)
        return loss

    return step, [w, b, count]


def test_a_training_step_runs_as_it_does_eagerly() -> None:
    check_steps(sgd_step, [f64(5, 4, seed=2), f64(5, 3, seed=3)])


def accumulating() -> tuple[Callable[..., Any], list[t.Tensor]]:
    w = parameter(3)
    w.grad = t.zeros(3, dtype=t.float64)

    def step(x: t.Tensor) -> t.Tensor:
        loss = (w * x).sum()
        loss.backward()
        return loss

    return step, [w, w.grad]


def test_a_gradient_that_exists_before_is_state_and_accumulates() -> None:
    check_steps(accumulating, [f64(3, seed=4)])


def through_views() -> tuple[Callable[..., Any], list[t.Tensor]]:
    table = f64(4, 3, seed=5)
    row, transposed = table[1], table.t()

    def step(x: t.Tensor) -> tuple[t.Tensor, ...]:
        row.add_(x)
        transposed[0].mul_(2)
        table[2:, 1] = 7.0
        fresh = table * 1
        fresh[0] = x
        fresh.view(-1)[5:7] += 1
        return fresh, row * 1, table[:, 0].clone()

    return step, [table]


def test_writes_through_views_reach_the_root() -> None:
    check_steps(through_views, [f64(3, seed=6)])


def drawing() -> tuple[Callable[..., Any], list[t.Tensor]]:
    generator = t.Generator().manual_seed(3)
    seen = t.zeros(20, dtype=t.float64)

    def step(x: t.Tensor) -> tuple[t.Tensor, ...]:
        noise = t.randn(20, generator=generator, dtype=t.float64)
        seen.copy_(noise)
        few = t.randn(3, generator=generator, dtype=t.float64)
        return (
            x * t.rand(2, 3, generator=generator, dtype=t.float64),
            few,
            t.randperm(5, generator=generator),
        )

    return step, [seen]


def test_random_numbers_are_state() -> None:
    check_steps(drawing, [f64(2, 3, seed=7)])


def test_a_generator_continues_where_a_program_left_it() -> None:
    def draw() -> t.Tensor:
        return t.rand(4)

    t.manual_seed(5)
    expected = [t.rand(4).tolist() for _ in range(3)]
    t.manual_seed(5)
    traced = trace_program(draw)
    found = [traced.run().tolist(), t.rand(4).tolist(), traced.run().tolist()]
    assert found == expected


def test_state_is_named_and_updates_say_whose_they_are(golden: Callable[..., None]) -> None:
    weight, bias = parameter(3, 4), parameter(3)

    def step(x: t.Tensor) -> t.Tensor:
        y = (x @ weight.t() + bias).relu()
        with t.no_grad():
            bias.mul_(0.5)
        return y

    golden(str(ir.verify(t.trace(step, t.spec((2, 4), t.float64)))), ext=".tape")


def test_instructions_know_the_line_they_come_from() -> None:
    def double(x: t.Tensor) -> t.Tensor:
        return x * 2  # the line in question

    (instr,) = t.trace(double, t.spec((3,))).body
    assert instr.loc is not None
    assert instr.loc.file == __file__
    source = Path(__file__).read_text().splitlines()
    assert "the line in question" in source[instr.loc.line - 1]


def test_a_trace_leaves_the_world_as_it_was() -> None:
    w = parameter(3)
    before, grad = w.detach().clone(), t.ones(3, dtype=t.float64)
    w.grad = grad

    def step(x: t.Tensor) -> t.Tensor:
        w.grad = None
        (w * x).sum().backward()
        with t.no_grad():
            w.zero_()
        return w * 1

    t.trace(step, t.spec((3,), t.float64))
    assert w.tolist() == before.tolist()
    assert w.grad is grad
    assert w.is_leaf
    assert w._version == 0


def test_an_exception_in_a_traced_function_leaves_the_world_as_it_was() -> None:
    w = parameter(3)

    def step(x: t.Tensor) -> t.Tensor:
        with t.no_grad():
            w.add_(1)
        raise KeyError("on purpose")

    before = w.tolist()
    with pytest.raises(KeyError):
        t.trace(step, t.spec((3,)))
    assert w.tolist() == before
    assert (t.ones(2) + 1).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("what", "use"),
    {
        "item()": lambda x: x.sum().item(),
        "bool()": lambda x: 1 if x.sum() > 0 else 0,
        "numpy()": lambda x: x.numpy(),
        "tolist()": lambda x: x.tolist(),
        "nonzero()": lambda x: x.nonzero(),
        "indexing by a mask": lambda x: x[x > 0],
        "one_hot() without num_classes": lambda x: t.nn.functional.one_hot(x.long()),
    }.items(),
)
def test_what_needs_values_cannot_be_traced(what: str, use: Callable[[t.Tensor], Any]) -> None:
    with pytest.raises(t.TraceError) as raised:
        t.trace(lambda x: use(x), t.spec((3,)))
    message = str(raised.value)
    assert message.startswith(what)
    assert "the program is being traced" in message
    assert "return the tensor instead" in message
    assert "test_trace.py:" in message


def test_a_tensor_that_leaks_out_of_a_trace_says_so() -> None:
    kept = []

    def step(x: t.Tensor) -> t.Tensor:
        kept.append(x * 2)
        return x

    t.trace(step, t.spec((3,)))
    with pytest.raises(t.TraceError, match="made while a program was being traced"):
        kept[0] + 1
    with pytest.raises(t.TraceError, match="belongs to another trace"):
        t.trace(lambda x: x + kept[0], t.spec((3,)))


def test_big_data_inside_a_traced_function_is_refused() -> None:
    with pytest.raises(
        t.TraceError, match=r"5000 elements .* \(at most 4096 may be\); make it outside"
    ):
        t.trace(lambda x: x + t.tensor(np.zeros(5000)), t.spec((5000,)))


def test_a_history_from_outside_is_refused() -> None:
    outside = parameter(3) * 2
    with pytest.raises(t.TraceError, match="computed outside with gradient history"):
        t.trace(lambda x: x + outside, t.spec((3,), t.float64))


def test_results_that_are_no_tensors_are_refused() -> None:
    with pytest.raises(TypeError, match=r"a traced function returns tensors, .* not float 1\.5"):
        t.trace(lambda x: (x, 1.5), t.spec((3,)))


def test_a_number_to_be_formatted_needs_its_value() -> None:
    with pytest.raises(t.TraceError, match=r"needs the values of a tensor.*\n.*test_trace\.py:"):
        t.trace(lambda x: f"{x.sum():.2f}", t.spec((3,)))


def test_a_traced_program_takes_what_it_was_traced_for() -> None:
    program = trace_program(lambda x, y: x + y, t.spec((3,)), t.spec((3,)))
    x = t.ones(3)
    assert program.run(x, x).tolist() == [2, 2, 2]
    with pytest.raises(TypeError, match=r"was traced for %y: f32\[3\], not for torch.int64; conv"):
        program.run(x, x.long())
    with pytest.raises(TypeError, match=r"takes 2 tensors, not 1; an array becomes one by from_n"):
        program.run(x, x.numpy())


def test_structures_of_inputs_and_outputs() -> None:
    def fn(pair: Any, scale: float, named: Any) -> Any:
        return {"sum": pair[0] + pair[1], "rest": (named["a"] * scale, None)}

    traced = trace_program(fn, (t.spec((2,)), t.spec((2,))), 3.0, {"a": t.spec((4,))})
    assert [a.name for a in traced.func.args] == ["pair.0", "pair.1", "named.a"]
    assert traced.structure == {"sum": 0, "rest": (1, None)}
    assert [a.tolist() for a in ir.run(traced.func, [1, 2], [3, 4], [1, 1, 1, 1])] == [
        [4, 6],
        [3] * 4,
    ]


def test_no_grad_inside_a_trace_cuts_later_gradients() -> None:
    def loss(w: t.Tensor) -> t.Tensor:
        with t.no_grad():
            scale = w * 2
        return (w * scale).sum()

    w = parameter(3)
    func = t.trace(lambda: loss(w))
    _, gradient = ir.run(ir.verify(ir.passes.grad(func)), w.detach().numpy())
    np.testing.assert_array_equal(gradient, w.detach().numpy() * 2)


def test_two_backward_passes_inside_a_trace_need_retain_graph() -> None:
    w = parameter(3)

    def twice(x: t.Tensor) -> t.Tensor:
        loss = (w * x).exp().sum()
        loss.backward()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        t.trace(twice, t.spec((3,), t.float64))


def test_threads_trace_independently() -> None:
    texts: dict[int, str] = {}

    def work(size: int) -> None:
        def body(x: t.Tensor) -> t.Tensor:
            for _ in range(20):
                x = x * 2 + 1
            return x

        texts[size] = str(ir.verify(t.trace(body, t.spec((size,)))))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for size, text in texts.items():
        assert text.count("\n") == 43
        assert f"f32[{size}]" in text


def test_eager_graphs_are_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        w = parameter(3)
        loss = (w * 2).exp().sum()
        kept = weakref.ref(loss)
        loss.backward()
        del loss
        assert kept() is None
    finally:
        gc.enable()


def test_state_in_the_same_memory_is_refused_when_written() -> None:
    array = np.zeros(4)
    a, b = t.from_numpy(array), t.from_numpy(array[2:])

    def writes(x: t.Tensor) -> t.Tensor:
        a.add_(x)
        return b * 1

    with pytest.raises(t.TraceError, match="%a and %b are two tensors in the same memory"):
        t.trace(writes, t.spec((4,), t.float64))
    assert [v.name for v in t.trace(lambda: a.sum() + b.sum()).args] == ["a", "b"]


def test_a_leaf_that_is_a_view_shares_its_source_s_state() -> None:
    a = f64(3)
    leaf = a.detach().requires_grad_()

    def step(x: t.Tensor) -> t.Tensor:
        loss = (leaf * x).sum()
        loss.backward()
        return loss + leaf.grad.sum()

    traced = trace_program(step, f64(3, seed=1))
    assert [v.name for v in traced.func.args] == ["x", "leaf"]


def test_seeding_inside_a_trace_is_refused() -> None:
    with pytest.raises(t.TraceError, match="seed it outside the traced function"):
        t.trace(lambda x: x + t.manual_seed(3).initial_seed(), t.spec((3,)))


def test_names_from_outside_are_made_fit_for_the_text() -> None:
    func = t.trace(lambda d: d["a b"] + d["c%-"], {"a b": t.spec((2,)), "c%-": t.spec((2,))})
    assert [a.name for a in func.args] == ["d.a_b", "d.c__"]
    assert str(ir.parse(str(func))) == str(func)


@pytest.mark.parametrize("shape", [(-2,), (2.5,), ("batch size",), ("i64",), (None,)])
def test_a_spec_of_nonsense_is_refused(shape: Any) -> None:
    with pytest.raises(ValueError, match="a dimension is a size or a name"):
        t.spec(shape)


def test_a_spec_s_dtype_is_a_dtype() -> None:
    with pytest.raises(TypeError, match=r"such as float32, not 'f32'"):
        t.spec((2,), "f32")
