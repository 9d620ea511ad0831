"""`tapeout.compile`: the same results and state as the function itself, and no program more than needed."""

from __future__ import annotations

import copy
import signal
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tapeout as t
from compiling import Training, X, Y, compiled, f64, programs, same
from tapeout import nn


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_training_step_goes_the_same_way(backend: str) -> None:
    ours, theirs = Training(backend), Training()
    for count in (5, 5, 3, 5):
        same(ours.step(X[:count], Y[:count]), theirs.step(X[:count], Y[:count]))
        for a, b in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
            same(a, b)
    assert len(programs(ours.step)) == 2


def test_a_number_of_the_optimizer_is_read_in_every_call() -> None:
    ours, theirs = Training("reference", "SGD"), Training(name="SGD")
    for rate in (0.1, 0.3, 0.0):
        ours.opt.param_groups[0]["lr"] = theirs.opt.param_groups[0]["lr"] = rate
        same(ours.step(X, Y), theirs.step(X, Y))
    same(ours.model[0].weight, theirs.model[0].weight)
    assert len(programs(ours.step)) == 1


def test_an_option_of_the_optimizer_makes_another_program() -> None:
    ours, theirs = Training("reference", "SGD"), Training(name="SGD")
    for decay in (0.0, 0.5, 0.25, 0.0):
        ours.opt.param_groups[0]["weight_decay"] = theirs.opt.param_groups[0]["weight_decay"] = (
            decay
        )
        same(ours.step(X, Y), theirs.step(X, Y))
    same(ours.model[0].weight, theirs.model[0].weight)
    assert len(programs(ours.step)) == 2


# ---- ways to say it


def test_as_a_decorator_with_and_without_arguments() -> None:
    @t.compile
    def plain(x: t.Tensor) -> t.Tensor:
        """Doubles."""
        return x * 2

    @t.compile(backend="reference", threads=1)
    def fancy(x: t.Tensor) -> t.Tensor:
        return x * 3

    assert plain(t.ones(2)).tolist() == [2, 2]
    assert fancy(t.ones(2)).tolist() == [3, 3]
    assert plain.__name__ == "plain"
    assert plain.__doc__ == "Doubles."
    assert repr(fancy).startswith("<compiled <function")


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: t.compile(3), TypeError, "takes a function or a module, not int 3"),
        (lambda: t.compile(len, backend="gpu"), ValueError, "unknown backend 'gpu'; there are cpu, reference"),
        (lambda: t.compile(len, threads=0), ValueError, "threads is an int of 1 or more, or None for all, not 0"),
        (
            lambda: compiled(abs).compile(t.spec(("n", 3))),
            ValueError,
            "f32[n,3] has a dimension with a name",
        ),
        (
            lambda: compiled(abs)(np.ones(2)),
            TypeError,
            "argument 0 of a compiled function is numpy.ndarray",
        ),
        (lambda: compiled(lambda x: 3)(X), TypeError, "a traced function returns tensors"),
    ],
)  # fmt: skip
def test_mistakes(make: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert text in str(caught.value)


def test_hints_of_pytorch_have_no_effect() -> None:
    def f(x: t.Tensor) -> t.Tensor:
        return x + 1

    assert t.compile(f, disable=True) is f
    assert t.compile(disable=True)(f) is f
    step = t.compile(f, backend="reference", mode="max-autotune", fullgraph=True, dynamic=False)
    assert step(t.zeros(())).item() == 1


@pytest.mark.parametrize("threads", [1, None])
def test_the_number_of_threads(threads: int | None) -> None:
    step = t.compile(lambda a, b: (a @ b).sum(), threads=threads)
    step(t.ones(256, 256), t.ones(256, 256))
    (program,) = programs(step)
    assert program.memory.bound.parts == min(
        threads or t.get_num_threads(), program.executable.parts
    )
    assert program.executable.parts > 1


def test_ahead_of_time() -> None:
    calls = []

    @compiled
    def f(x: t.Tensor, *, by: float) -> t.Tensor:
        calls.append(x.shape)
        return x * by

    assert f.compile(t.spec((2, 3)), by=2.0) is f
    f.compile(t.zeros(4), by=1.5)
    assert calls == [(2, 3), (4,)]
    assert f(t.ones(2, 3), by=2.0).tolist() == [[2, 2, 2], [2, 2, 2]]
    assert f(t.ones(4), by=1.5).tolist() == [1.5] * 4
    assert len(calls) == 2
    f(t.ones(4), by=2)
    assert len(calls) == 3


def test_nested_arguments_and_results() -> None:
    @compiled
    def f(pair: tuple[t.Tensor, t.Tensor], *, named: dict[str, t.Tensor], flag: bool) -> Any:
        a, b = pair
        return [a + b, {"x": named["x"] * 2, "none": None}, (a - b if flag else a,)]

    a, b, x = f64(2, seed=1), f64(2, seed=2), f64(3, seed=3)
    found = f((a, b), flag=True, named={"x": x})
    same(found[0], a + b)
    same(found[1]["x"], x * 2)
    same(found[2][0], a - b)
    assert isinstance(found, list)
    assert found[1]["none"] is None
    same(f((a, b), named={"x": x}, flag=False)[2][0], a)
    assert len(programs(f)) == 2
    assert compiled(lambda: None)() is None


def test_a_method_has_programs_of_its_own_for_each_object() -> None:
    class Counter:
        def __init__(self, by: int) -> None:
            self.by, self.total = by, t.zeros(())

        @t.compile(backend="reference")
        def add(self, x: t.Tensor) -> t.Tensor:
            self.total.add_(self.by)
            return self.total + x

    one, ten = Counter(1), Counter(10)
    one.add(t.zeros(2))
    assert one.add(t.zeros(2)).tolist() == [2, 2]
    assert ten.add(t.zeros(2)).tolist() == [10, 10]
    assert isinstance(Counter.add, type(t.compile(abs)).__mro__[1])
    again = copy.deepcopy(one)
    again.add(t.zeros(2))
    assert (one.total.item(), again.total.item()) == (2, 3)


def test_a_compiled_module_stands_for_the_module() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
    step = compiled(net)
    assert list(step.parameters()) == list(net.parameters())
    assert step.eval() is step
    assert not net.training
    same(step(X[:, :3]), net(X[:, :3]))
    step.extra = 3
    assert net.extra == 3
    with pytest.raises(AttributeError, match="'Sequential' object has no attribute 'nothing'"):
        step.nothing


def test_inside_a_trace_it_is_the_function() -> None:
    inner = compiled(lambda x: x * 2)
    outer = compiled(lambda x: inner(x) + 1)
    assert outer(t.ones(2)).tolist() == [3, 3]
    assert "mul(" in str(t.trace(outer.fn, t.spec((2,))))
    assert not programs(inner)


# ---- state


def test_the_state_stays_in_its_memory() -> None:
    w = t.zeros(3)
    memory = w.numpy()
    step = compiled(lambda x: w.add_(x).sum())
    assert step(t.ones(3)).item() == 3
    assert step(t.ones(3)).item() == 6
    assert memory.tolist() == [2, 2, 2]
    assert w[1:].tolist() == [2, 2]


def test_state_in_any_order_of_memory() -> None:
    base = np.arange(6.0).reshape(2, 3)
    w = t.from_numpy(base.T)
    compiled(lambda: w.mul_(2))()
    assert base.tolist() == [[0, 2, 4], [6, 8, 10]]


def test_a_run_counts_as_a_write() -> None:
    w = f64(3).requires_grad_()

    def f() -> None:
        with t.no_grad():
            w.mul_(0.5)

    step = compiled(f)
    step()
    before, view = w._version, w[1:]
    loss = (w * w).sum()
    step()
    step()
    assert w._version == before + 2
    with pytest.raises(t.StaleError, match="modified by an inplace operation"):
        loss.backward()
    same(view, w[1:])
    (w * w).sum().backward()
    same(w.grad, 2 * w)


def test_an_argument_is_written_to() -> None:
    step = compiled(lambda x: x.add_(1))
    x = t.zeros(2, 3)
    assert step(x[0]).tolist() == [1, 1, 1]
    assert step(x) is x
    assert x.tolist() == [[2, 2, 2], [1, 1, 1]]


def test_what_is_passed_through_stays_itself() -> None:
    w = t.ones(2)
    x = t.zeros(2)
    found = compiled(lambda x: (x, w, x + 0))(x)
    assert found[0] is x
    assert found[1] is w
    found[2].add_(5)
    assert x.tolist() == [0, 0]


def test_results_are_new_each_time() -> None:
    step = compiled(lambda x: x.t())
    x = t.arange(6.0).reshape(2, 3)
    first, second = step(x), step(x)
    first.zero_()
    assert second.tolist() == x.t().tolist()
    assert x.sum().item() == 15


@pytest.mark.parametrize("make", [lambda w: w, lambda w: w[1:], lambda w: w.detach()])
def test_an_argument_in_memory_that_is_written_to_is_refused(make: Callable[[Any], Any]) -> None:
    w = t.ones(4)

    def f(x: t.Tensor) -> t.Tensor:
        w.add_(1)
        return x.sum()

    step = compiled(f)
    step(t.ones(4))
    step(t.ones(3))
    with pytest.raises(t.TraceError, match="argument 0 lies in the memory of 'w'"):
        step(make(w))
    assert w.tolist() == [3, 3, 3, 3]


def test_an_argument_that_shares_memory_by_way_of_numpy_is_refused_at_first() -> None:
    w = t.ones(4)
    alias = t.from_numpy(w.numpy())
    step = compiled(lambda x: w.add_(x).sum())
    for _ in range(2):
        with pytest.raises(t.TraceError, match="argument 0 lies in the memory of 'w'"):
            step(alias)
    assert w.tolist() == [1, 1, 1, 1]


def test_memory_that_two_tensors_share_is_refused() -> None:
    memory = np.zeros(4)
    a, b = t.from_numpy(memory), t.from_numpy(memory[2:])

    def f() -> t.Tensor:
        a.add_(1)
        return b.sum()

    with pytest.raises(RuntimeError, match="are two tensors in the same memory"):
        compiled(f)()
    assert memory.sum() == 0


def test_read_only_memory_is_refused() -> None:
    array = np.zeros(3)
    array.flags.writeable = False
    w = t.from_numpy(array)
    with pytest.raises(RuntimeError, match="memory is read-only, or more than one of its elements"):
        compiled(lambda: w.add_(1))()


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_random_numbers_are_those_of_the_generator(backend: str) -> None:
    drop = nn.Dropout(0.5)
    step, x = t.compile(drop, backend=backend), t.ones(20)
    t.manual_seed(3)
    expected = [drop(x) for _ in range(5)] + [t.rand(2)]
    t.manual_seed(5)
    step(x)
    step(x)
    t.manual_seed(3)
    found = [step(x), step(x), drop(x), step(x), step(x), t.rand(2)]
    for a, b in zip(found, expected, strict=True):
        same(a, b)


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_masks_of_training_steps_are_those_of_the_generator(batch: int) -> None:
    """The generator's state moves on from step to step, however few or many numbers a step takes from it."""

    def losses(compiled: bool) -> list[float]:
        t.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 128), nn.Dropout(0.2), nn.ReLU(), nn.Linear(128, 1))
        opt = t.optim.SGD(net.parameters(), lr=0.01)

        def step(x: t.Tensor) -> t.Tensor:
            opt.zero_grad()
            loss = net(x).sum()
            loss.backward()
            opt.step()
            return loss

        run = t.compile(step) if compiled else step
        return [run(t.ones(batch, 4)).item() for _ in range(4)] + t.rand(2).tolist()

    np.testing.assert_allclose(losses(True), losses(False), rtol=1e-5)


# ---- errors


def test_an_error_while_tracing_changes_nothing() -> None:
    w = t.ones(2, requires_grad=True)
    fail = SimpleNamespace(now=True)

    def f(x: t.Tensor) -> t.Tensor:
        loss = (w * x).sum()
        loss.backward()
        with t.no_grad():
            w.sub_(w.grad)
        if fail.now:
            raise KeyError("no")
        return loss

    step = compiled(f)
    with pytest.raises(KeyError, match="no"):
        step(t.ones(2))
    assert w.tolist() == [1, 1]
    assert w.grad is None
    assert not t.tracer.is_tracing()
    fail.now = False
    assert step(t.ones(2)).item() == 2
    assert w.tolist() == [0, 0]


def test_what_cannot_be_traced_says_so() -> None:
    with pytest.raises(t.TraceError, match="needs the values of a tensor"):
        compiled(lambda x: x if x.sum() > 0 else -x)(X)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_an_index_out_of_range(backend: str) -> None:
    table = t.randn(3, 2)
    step = t.compile(lambda i: table[i], backend=backend)
    same(step(t.tensor([2, 0])), table[[2, 0]])
    with pytest.raises(IndexError, match="7"):
        step(t.tensor([7, 0]))
    same(step(t.tensor([1, 1])), table[[1, 1]])


def test_threads_wait_for_each_other() -> None:
    total = t.zeros(())
    step = compiled(lambda x: total.add_(x))
    one = t.ones(())
    workers = [threading.Thread(target=lambda: [step(one) for _ in range(20)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert total.item() == 80
    assert len(programs(step)) == 1


@pytest.mark.parametrize("way", ["by native code", "by Python", "over rows"])
def test_all_programs_of_a_function_take_turns(way: str) -> None:
    total, rows = t.zeros(3), t.ones(4, 3)

    @t.compile
    def add(x: Any) -> Any:
        total.add_((x[0] if isinstance(x, list) else x).sum(0))
        return total.sum()

    calls: dict[str, Callable[[], Any]] = {
        "by native code": lambda: add(rows),
        "by Python": lambda: add([rows]),
        "over rows": lambda: add.over(rows, batch_size=4, progress=False),
    }
    calls[way]()
    caller = threading.Thread(target=calls[way])

    def in_between() -> None:
        caller.start()
        caller.join(0.1)
        assert caller.is_alive()
        assert total.tolist() == [4, 4, 4]

    add._caller.turn.spend(in_between)
    caller.join(20)
    assert total.tolist() == [8, 8, 8]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_a_call_by_what_interrupts_a_call_is_refused() -> None:
    # Of two results Python makes a tuple, while the call is not over yet.
    step, one = t.compile(lambda x: (x.sum(), x * 2)), t.ones(5)
    step(one)
    outcomes: list[Any] = []

    def interrupt(*_: Any) -> None:
        try:
            outcomes.append(step(one)[0].item())
        except RuntimeError as error:
            outcomes.append(str(error).partition(",")[0])

    refusal = "a compiled function was called by something that interrupted a call of it"
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        end = time.monotonic() + 20
        while refusal not in outcomes and time.monotonic() < end:
            # Once, for on a slow machine one interruption would interrupt the other.
            signal.setitimer(signal.ITIMER_REAL, 5e-5)
            for _ in range(30):
                assert step(one)[0].item() == 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(outcomes) <= {5.0, refusal}
    assert refusal in outcomes
    assert step(one)[0].item() == 5


def test_an_interruption_by_a_call_cannot_wait_for_one_that_waits_for_it() -> None:
    """One thread is in its turn, another waits for that with the function's lock in hand."""
    step, one = t.compile(lambda x: (x.sum(), x * 2)), t.ones(5)
    step(one)
    other = threading.Thread(target=lambda: step(x=one))

    def interrupted() -> None:
        other.start()
        other.join(0.1)
        with pytest.raises(RuntimeError, match="by something that interrupted a call of it"):
            step(x=one)

    step._caller.turn.spend(interrupted)
    other.join(20)
    assert not other.is_alive()


@pytest.mark.parametrize("way", ["by native code", "by Python", "over rows"])
def test_what_an_interrupt_left_of_a_failed_run_is_not_the_next_ones(way: str) -> None:
    table = t.randn(3, 2)
    step = t.compile(lambda i: (table[i[0] if isinstance(i, list) else i] * 2).sum())
    good, bad = t.tensor([1, 2]), t.tensor([1, 7])
    calls: dict[str, Callable[[t.Tensor], Any]] = {
        "by native code": step,
        "by Python": lambda i: step([i]),
        "over rows": lambda i: step.over(i, batch_size=2, progress=False),
    }
    call = calls[way]
    expected = call(good)
    with pytest.raises(IndexError, match="7"):
        call(bad)
    for program in programs(step):
        status = program.memory.bound.status
        assert not status.any()
        status[:] = 1  # as a run leaves it when nobody gets to look
    same(call(good), expected)
    with pytest.raises(IndexError, match="7"):
        call(bad)


def test_errors_of_rows_are_those_of_the_thread_that_gave_them() -> None:
    table = t.randn(3, 2)
    step = t.compile(lambda i: table[i].sum())
    good, bad = t.tensor([1, 2]), t.tensor([1, 7])
    step.over(good, batch_size=2, progress=False)
    raised: dict[str, int] = {"good": 0, "bad": 0}

    def work(name: str, rows: t.Tensor) -> None:
        for _ in range(200):
            try:
                step.over(rows, batch_size=2, progress=False, shuffle=False)
            except IndexError:
                raised[name] += 1

    workers = [
        threading.Thread(target=work, args=given) for given in (("good", good), ("bad", bad))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert raised == {"good": 0, "bad": 200}


def test_state_that_is_copied_is_read_and_written_in_turn() -> None:
    """A call that is refused has not touched it."""
    total = t.from_numpy(np.zeros((4, 3)).T)
    step = t.compile(lambda x: total.add_(x).sum())
    one = t.ones(3, 4, dtype=t.float64)
    step(one)
    (program,) = programs(step)
    assert program.memory.copied
    run, nested = program.memory.bound.run, []

    def interrupted(inputs: Any) -> Any:
        found = run(inputs)
        with pytest.raises(RuntimeError, match="by something that interrupted a call of it"):
            nested.append(step(one))
        return found

    program.memory.bound.run = interrupted
    assert step(one).item() == 24
    assert not nested
    assert (total == 2).all()
