"""`step.over`: batches, shuffling, epochs, progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout as t
from compiling import Training, compiled, f64, programs, same
from tapeout import nn

X = f64(11, 4).float()
Y = t.from_numpy(np.arange(11) % 3)


def loop(training: Training, epochs: int, shuffle: bool, drop_last: bool) -> list[float]:
    """What `over` does, by hand."""
    losses = []
    for _ in range(epochs):
        order = t.randperm(11) if shuffle else t.arange(11)
        for start in range(0, 11, 4):
            rows = order[start : start + 4]
            if len(rows) == 4 or not drop_last:
                losses.append(training.eager(X[rows], Y[rows]).item())
    return losses


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("shuffle, drop_last", [(True, False), (False, False), (True, True)])
def test_the_same_as_a_loop(shuffle: bool, drop_last: bool, backend: str) -> None:
    ours, theirs = Training(backend), Training()
    t.manual_seed(5)
    found = ours.step.over(
        X, Y.numpy(), batch_size=4, epochs=2, shuffle=shuffle, drop_last=drop_last, progress=False
    )
    t.manual_seed(5)
    np.testing.assert_allclose(found.numpy(), loop(theirs, 2, shuffle, drop_last), 1e-5)
    same(ours.model[0].weight, theirs.model[0].weight)
    assert len(programs(ours.step)) == (1 if drop_last else 2)


def test_a_generator_of_its_own() -> None:
    step = compiled(lambda x: x[0] * 1)
    rows = t.arange(7.0)
    before = t.get_rng_state()
    order = [
        step.over(
            rows, batch_size=1, generator=t.Generator().manual_seed(3), progress=False
        ).tolist()
        for _ in range(2)
    ]
    assert order[0] == order[1] == t.randperm(7, generator=t.Generator().manual_seed(3)).tolist()
    assert t.get_rng_state().tolist() == before.tolist()


def test_nested_data() -> None:
    step = compiled(lambda pair, named: (pair[0] * named["b"]).sum() + pair[1].sum())
    a, b = t.arange(3.0), t.arange(3.0) + 1
    found = step.over((a, b), {"b": b}, batch_size=3, progress=False)
    assert found.tolist() == [0 + 2 + 6 + 6]


def test_progress_is_a_line_per_epoch(capsys: Any) -> None:
    compiled(lambda x: x.mean()).over(t.full((6,), 2.5), batch_size=2, epochs=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert all("loss 2.5000" in line and line.endswith(" s") for line in lines)


def test_an_interrupt_leaves_a_whole_number_of_steps() -> None:
    count = t.zeros(())
    calls = []

    def f(x: t.Tensor) -> t.Tensor:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        count.add_(1)
        return x.sum()

    with pytest.raises(KeyboardInterrupt):
        compiled(f).over(t.ones(5), batch_size=2, shuffle=False, progress=False)
    assert count.item() == 2


def test_native_steps_count_as_writes_and_take_gradients_away() -> None:
    ours = Training("cpu")
    weight = ours.model[0].weight
    before = weight._version
    ours.step.over(X, Y, batch_size=2, epochs=3, drop_last=True, progress=False)
    assert weight._version == before + 15
    with pytest.raises(RuntimeError, match="was used up"):
        weight.grad
    (program,) = programs(ours.step)
    assert program.runs.count == 15


def test_native_steps_see_a_change_between_two_calls() -> None:
    w = t.ones(())
    step = t.compile(lambda x: (x * w).sum())
    data = t.arange(6.0)
    for value in (1.0, 2.0):
        w.data = t.tensor(value)
        found = step.over(data, batch_size=2, shuffle=False, progress=False)
        assert found.tolist() == [value, 5 * value, 9 * value]


def test_data_in_memory_that_is_written_to_is_refused() -> None:
    v = t.ones(4)
    step = t.compile(lambda x: v.add_(x).sum())
    step.compile(t.spec((4,)))
    with pytest.raises(t.TraceError, match="argument 0 lies in the memory of 'v'"):
        step.over(v, batch_size=4, progress=False)


def test_random_numbers_in_native_steps() -> None:
    drop, x = nn.Dropout(0.5), t.ones(40)
    step = t.compile(lambda x: drop(x).sum())
    t.manual_seed(4)
    expected = [drop(x[i : i + 10]).sum().item() for i in range(0, 40, 10)] + [t.rand(1).item()]
    t.manual_seed(4)
    found = step.over(x, batch_size=10, shuffle=False, progress=False).tolist()
    assert [*found, t.rand(1).item()] == expected


def test_a_step_that_fails_in_native_code() -> None:
    table, count = t.ones(3), t.zeros(())

    def f(i: t.Tensor) -> t.Tensor:
        count.add_(1)
        return table[i].sum()

    rows = t.tensor([0, 1, 2, 7, 0, 1])
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        t.compile(f).over(rows, batch_size=1, shuffle=False, progress=False)
    assert count.item() in (3, 4)


@pytest.mark.parametrize(
    "run, error, text",
    [
        (lambda s: s.over(X, batch_size=0), ValueError, "batch_size is an int of 1 or more, not 0"),
        (lambda s: s.over(X, epochs=1.5), ValueError, "epochs is an int of 1 or more, not 1.5"),
        (lambda s: s.over(X, Y[:3]), ValueError, "one first dimension, not [11, 4], [3]"),
        (lambda s: s.over(t.ones(())), ValueError, "one first dimension, not []"),
        (lambda s: s.over(), TypeError, "at least one tensor"),
        (lambda s: s.over([1, 2]), TypeError, "not int"),
        (lambda s: s.over(X, drop_last=True), ValueError, "has 11 rows, which make no batch of 64"),
        (lambda s: s.over(X[:0]), ValueError, "has 0 rows, which make no batch of 64"),
        (lambda s: s.over(X), TypeError, "returned a tensor of shape [11, 4]"),
    ],
)  # fmt: skip
def test_mistakes(run: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    step = compiled(lambda x, *rest: x * 2)
    with pytest.raises(error) as caught:
        run(step)
    assert text in str(caught.value)
