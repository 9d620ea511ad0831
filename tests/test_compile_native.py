"""Calls that go straight to native code: they see every change that the patient way would see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import tapeout as t
from compiling import Training, X, Y, programs, same
from tapeout import nn
from tapeout.tracer import changes
from tapeout.tracer.tensor import wrap
from tapeout.tracer.var import concrete


class Doubling:
    """A compiled function that has been called once, and counts the calls that are taken the patient way."""

    def __init__(self) -> None:
        self.total = t.zeros(3)
        self.step = t.compile(self.fn)
        self.step(t.zeros(3))
        self.slow = 0
        patiently = self.step._patiently

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.slow += 1
            return patiently(*args, **kwargs)

        (program,) = programs(self.step)
        program.native.__self__._other = counted

    def fn(self, x: t.Tensor) -> t.Tensor:
        self.total.add_(x)
        return x * 2


@pytest.fixture(scope="module")
def shared() -> Doubling:
    return Doubling()


@pytest.fixture
def doubling(shared: Doubling) -> Doubling:
    shared.step(t.zeros(3))
    shared.slow = 0
    return shared


def test_a_call_goes_straight_to_native_code(doubling: Doubling) -> None:
    before = doubling.total.tolist()
    x = t.tensor([1.0, 2.0, 3.0])
    first, second = doubling.step(x), doubling.step(first := doubling.step(x))
    assert first.tolist() == [2, 4, 6]
    assert second.tolist() == [4, 8, 12]
    assert doubling.total.tolist() == [a + b for a, b in zip(before, [4, 8, 12], strict=True)]
    assert doubling.slow == 0


def test_a_native_call_counts_as_a_write(doubling: Doubling) -> None:
    w = t.ones(3, requires_grad=True)
    doubling.step(t.ones(3))
    version, doubling.slow = doubling.total._version, 0
    loss = (doubling.total * w).sum()
    doubling.step(t.ones(3))
    assert doubling.total._version == version + 1
    with pytest.raises(t.StaleError, match="modified by an inplace operation"):
        loss.backward()
    assert doubling.slow == 0


ARGUMENTS: dict[str, Callable[[], t.Tensor]] = {
    "a view": lambda: t.ones(2, 3)[1],
    "a column": lambda: t.ones(3, 2)[:, 1],
    "a parameter": lambda: nn.Parameter(t.ones(3), requires_grad=False),
    "not contiguous": lambda: t.from_numpy(t.ones(3, 2).numpy()[:, 1]),
    "detached": lambda: t.ones(3, requires_grad=True).detach(),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_that_native_code_does_not_take(name: str, doubling: Doubling) -> None:
    assert doubling.step(ARGUMENTS[name]()).tolist() == [2, 2, 2]
    assert doubling.slow == 1


def test_keyword_arguments_go_the_patient_way(doubling: Doubling) -> None:
    assert doubling.step(x=t.ones(3)).tolist() == [2, 2, 2]
    assert doubling.slow == 1


def test_its_own_state_is_refused(doubling: Doubling) -> None:
    with pytest.raises(t.TraceError, match="argument 0 lies in the memory of"):
        doubling.step(doubling.total)


def test_in_a_trace_nothing_is_run(doubling: Doubling) -> None:
    before, outside = doubling.total.tolist(), t.ones(3)
    func = t.trace(lambda: doubling.step(outside))
    assert "mul(" in str(func)
    assert doubling.total.tolist() == before


def test_while_another_thread_traces_calls_still_work(doubling: Doubling) -> None:
    inside, done = threading.Event(), threading.Event()

    def traced(x: t.Tensor) -> t.Tensor:
        inside.set()
        done.wait(10)
        return x

    other = threading.Thread(target=lambda: t.trace(traced, t.spec((2,))))
    other.start()
    inside.wait(10)
    assert doubling.step(t.ones(3)).tolist() == [2, 2, 2]
    done.set()
    other.join()
    assert doubling.slow == 1


def test_after_a_change_the_patient_way_looks_once(doubling: Doubling) -> None:
    changes.changed()
    for _ in range(3):
        doubling.step(t.ones(3))
    assert doubling.slow == 1


def test_a_setting_that_changes_is_seen() -> None:
    drop = nn.Dropout(1.0)
    net = nn.Sequential(nn.Linear(3, 2), drop)
    drop.eval()
    step, x = t.compile(net), X[:, :3] + 0
    with t.no_grad():
        for flag in (False, True, False, True):
            drop.train(flag)
            for _ in range(2):
                assert bool((step(x) == 0).all()) == flag
    assert step(x).requires_grad
    with t.no_grad():
        assert not step(x).requires_grad


def test_gradients_set_by_others_are_taken_away_again() -> None:
    ours, theirs = Training("cpu"), Training()
    for _ in range(2):
        ours.step(X, Y)
    ours.model.zero_grad()
    (ours.model(X) ** 2).sum().backward()
    ours.step(X, Y)
    with pytest.raises(RuntimeError, match="was used up"):
        ours.model[0].weight.grad
    for _ in range(3):
        theirs.step(X, Y)
    same(ours.model[0].weight, theirs.model[0].weight)


def test_other_memory_is_seen() -> None:
    w = t.ones(3)
    step = t.compile(lambda x: x + w)
    for value in (1.0, 2.0, 3.0):
        w.data = t.full((3,), value)
        assert [step(t.zeros(3)).tolist() for _ in range(2)] == [[value] * 3] * 2
    assert len(programs(step)) == 1


def test_an_index_out_of_range_in_a_native_call() -> None:
    table, count = t.arange(6.0).reshape(3, 2), t.zeros(())

    def f(i: t.Tensor) -> t.Tensor:
        count.add_(1)
        return table[i]

    step = t.compile(f)
    for _ in range(2):
        assert step(t.tensor([2, 0])).tolist() == [[4, 5], [0, 1]]
        with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 with size"):
            step(t.tensor([7, 0]))


def test_several_results_and_none() -> None:
    w = t.zeros(2)
    step = t.compile(lambda x: {"a": (x + 1, w), "b": [x * 2]})
    for _ in range(2):
        found = step(t.ones(2))
        assert found["a"][0].tolist() == found["b"][0].tolist() == [2, 2]
        assert found["a"][1] is w

    @t.compile
    def nothing(x: t.Tensor) -> None:
        w.add_(x)

    assert [nothing(t.ones(2)) for _ in range(3)] == [None] * 3
    assert (w.tolist(), w._version) == ([3, 3], 3)


def test_threads_wait_for_each_other_in_native_code() -> None:
    total, one = t.zeros(()), t.ones(())
    step = t.compile(lambda x: total.add_(x).sum())
    step(one)
    workers = [threading.Thread(target=lambda: [step(one) for _ in range(200)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert total.item() == 801


@pytest.mark.parametrize("place", [0, 1, 2])
def test_results_are_tensors_like_others(place: int) -> None:
    """Native code makes them, slot by slot."""
    fns: list[Callable[[t.Tensor], Any]] = [
        lambda x: x * 2,
        lambda x: (x * 2).sum(),
        lambda x: x[:0] * 2,
    ]
    step, x = t.compile(fns[place]), t.arange(6.0).reshape(2, 3)
    step(x)
    found, later = step(x), step(x)
    expected = wrap(concrete(fns[place](x).numpy()))
    same(found, expected)
    for name in (
        "type",
        "name",
        "version",
        "needs_grad",
        "op",
        "operands",
        "leaf",
        "label",
        "freed",
    ):
        assert getattr(found._var, name) == getattr(expected._var, name), name
    assert (found._base, found._grad, vars(found)) == (None, None, {})
    assert found._var.sequence < later._var.sequence < expected._var.sequence
    assert found._var.storage is not later._var.storage
    assert not t.equal(found.add_(1), later) or found.numel() == 0
    found.requires_grad_().sum().backward()
    same(found.grad, t.ones_like(found))


def test_gradients_are_recorded_thread_by_thread() -> None:
    """A thread that records none takes none away from the others, whatever becomes of it."""
    w, x = t.ones(3, requires_grad=True), t.ones(3)
    step = t.compile(lambda x: (x * w).sum())
    inside, go = threading.Event(), threading.Event()
    quiet: list[bool] = []

    def work(end: bool) -> None:
        with t.no_grad():
            quiet.extend(step(x).requires_grad for _ in range(3))
            inside.set()
            go.wait(20)
        if not end:
            t.set_grad_enabled(False)

    for end in (True, False):
        inside.clear()
        go.clear()
        worker = threading.Thread(target=work, args=(end,))
        worker.start()
        inside.wait(20)
        assert step(x).requires_grad
        with t.no_grad():
            assert not step(x).requires_grad
        assert step(x).requires_grad
        go.set()
        worker.join(20)
        assert step(x).requires_grad
        assert changes.GRAD.cell[0] == 1
    assert quiet == [False] * 6
