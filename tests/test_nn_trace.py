"""Modules in traces: every layer and loss is a program that verifies and computes what eager execution computes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tapeout
from nn_cases import LAYERS, Layer, fill, run_traced, values
from tapeout import ir, nn

RUNS = [(layer, shape) for layer in LAYERS for shape in layer.shapes]


def f64(*shape: int, seed: object = 0) -> tapeout.Tensor:
    return tapeout.from_numpy(values(*shape, seed=seed))


def names(func: ir.Func) -> list[str]:
    return [arg.name for arg in func.args]


def updates(func: ir.Func) -> list[str]:
    return [r.into.name for r in func.results if r.into is not None]


def assert_identical(found: list[np.ndarray], expected: list[tapeout.Tensor]) -> None:
    for array, tensor in zip(found, expected, strict=True):
        other = tensor.detach().numpy()
        assert array.dtype == other.dtype
        np.testing.assert_array_equal(array, other, strict=True)


@pytest.mark.parametrize(
    "layer, shape", RUNS, ids=[f"{layer.id}-{list(shape)}" for layer, shape in RUNS]
)
def test_a_traced_layer_computes_what_eager_does_and_leaves_the_same_state(layer, shape):
    traced, eager = layer.make(tapeout).double(), layer.make(tapeout).double()
    fill(traced)
    eager.load_state_dict(traced.state_dict())
    for seed in range(2):
        x = f64(*shape, seed=seed)
        assert_identical(run_traced(traced, x), [eager(x)])
    assert_identical(
        [t.detach().numpy() for t in traced.state_dict().values()],
        list(eager.state_dict().values()),
    )


@pytest.mark.parametrize(
    "layer", [c for c in LAYERS if c.name not in ("Identity",)], ids=lambda case: case.id
)
def test_a_traced_backward_computes_what_eager_does(layer):
    module = layer.make(tapeout).double()
    fill(module)
    parameters = list(module.parameters())

    def gradients(x):
        x.requires_grad_()
        return tapeout.autograd.grad((module(x) * 1.5).sum(), [x, *parameters])

    x = f64(*layer.shapes[-1])
    found = run_traced(gradients, x)
    assert_identical(found, list(gradients(x)))


LOSSES = [
    Layer("MSELoss"), Layer("L1Loss"), Layer("SmoothL1Loss", (), {"beta": 0.5}), Layer("HuberLoss", ("sum", 0.7)),
    Layer("BCEWithLogitsLoss"), Layer("KLDivLoss", (), {"reduction": "batchmean"}),
]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=lambda case: case.id)
def test_traced_losses(loss):
    module = loss.make(tapeout)
    x, t = f64(4, 3), f64(4, 3, seed="t").abs()
    assert_identical(run_traced(module, x, t), [module(x, t)])


def test_a_traced_binary_cross_entropy():
    x, t = f64(4, 3).sigmoid(), f64(4, 3, seed="t").sigmoid()
    assert_identical(run_traced(nn.BCELoss(), x, t), [nn.BCELoss()(x, t)])


@pytest.mark.parametrize(
    "settings",
    [{}, {"label_smoothing": 0.2}, {"ignore_index": 1, "reduction": "sum"}, {"reduction": "none"}],
    ids=str,
)
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 3, 5)], ids=str)
def test_a_traced_cross_entropy(shape, settings):
    loss = nn.CrossEntropyLoss(f64(3, seed="w").abs(), **settings)
    x = f64(*shape)
    rows = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    t = tapeout.from_numpy(np.asarray(np.arange(x.numel() // 3).reshape(rows) % 3))
    assert_identical(run_traced(loss, x, t), [loss(x, t)])


def test_the_plain_cross_entropy_is_one_instruction_of_that_name():
    func = tapeout.trace(
        nn.CrossEntropyLoss(), tapeout.spec((4, 3)), tapeout.spec((4,), tapeout.int64)
    )
    assert "cross_entropy(%input, %target)" in str(func)
    assert "log_softmax" not in str(func)
    plain = tapeout.trace(
        nn.CrossEntropyLoss(reduction="none"),
        tapeout.spec((4, 3)),
        tapeout.spec((4,), tapeout.int64),
    )
    assert [str(i.op.name) for i in ir.passes.dce(plain).body] == ["cross_entropy"]


def model() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2)
    ).double()


STATISTICS = ["1.num_batches_tracked", "1.running_mean", "1.running_var"]


def test_arguments_are_called_as_the_state_is_and_updates_are_returned():
    func = tapeout.trace(model(), tapeout.spec((5, 3), tapeout.float64))
    state = ["0.weight", "0.bias", *STATISTICS, "1.weight", "1.bias", "rng", "4.weight", "4.bias"]
    assert names(func) == ["input", *(n if n == "rng" else f"sequential.{n}" for n in state)]
    assert updates(func) == [*(f"sequential.{n}" for n in STATISTICS), "rng"]


def test_the_outermost_module_names_the_state():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(3, 2)

        def forward(self, x):
            return self.fc1(x)

    net = Net()
    holder = [net]
    func = tapeout.trace(lambda x: holder[0](x), tapeout.spec((5, 3)))
    assert names(func)[1:] == ["fc1.weight", "fc1.bias"]


def test_a_failing_module_does_not_spoil_later_names():
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x):
            raise ValueError("no")

    held = [Failing(), nn.Sequential(nn.Linear(3, 2))]
    with pytest.raises(ValueError, match="no"):
        tapeout.trace(lambda x: held[0](x), tapeout.spec((5, 3)))
    func = tapeout.trace(lambda x: held[1](x), tapeout.spec((5, 3)))
    assert names(func)[1:] == ["0.weight", "0.bias"]


def test_training_and_evaluation_are_different_programs():
    net = model().eval()
    func = tapeout.trace(net, tapeout.spec((5, 3), tapeout.float64))
    assert not updates(func)
    assert "1.num_batches_tracked" not in names(func)
    x = f64(5, 3)
    assert_identical(run_traced(net, x), [net(x)])


def test_a_traced_training_pass_equals_the_eager_one_with_dropout_and_statistics():
    traced, eager = model(), model()
    fill(traced)
    eager.load_state_dict(traced.state_dict())
    x = f64(5, 3)
    results = []
    for net, run in ((traced, run_traced), (eager, lambda module, x: [module(x).detach().numpy()])):
        tapeout.manual_seed(4)
        results.append([run(net, x)[0] for _ in range(3)])
    np.testing.assert_array_equal(*results)
    for mine, other in zip(traced.state_dict().values(), eager.state_dict().values(), strict=True):
        assert mine.tolist() == other.tolist()
    assert eager[1].num_batches_tracked.item() == 3


def test_a_trace_leaves_the_module_as_it_was():
    net = model()
    before = {k: v.tolist() for k, v in net.state_dict().items()}
    tapeout.trace(net, tapeout.spec((5, 3), tapeout.float64))
    assert {k: v.tolist() for k, v in net.state_dict().items()} == before


def test_a_buffer_assigned_in_forward_is_state_of_the_program():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", tapeout.tensor(0))

        def forward(self, x):
            self.seen = self.seen + x.shape[0]
            return x * self.seen

    counter = Counter()
    buffer = counter.seen
    x = f64(5, 3)
    assert updates(tapeout.trace(counter, x)) == ["seen"]
    assert_identical(run_traced(counter, x), [x * 5])
    assert_identical(run_traced(counter, x), [x * 10])
    assert counter.seen is buffer
    assert counter(x).tolist() == (x * 15).tolist()


def test_clipping_gradients_is_part_of_the_program():
    traced, eager = nn.Linear(3, 2).double(), nn.Linear(3, 2).double()
    eager.load_state_dict(traced.state_dict())

    def step(module, clip):
        def run(x):
            module.zero_grad()
            (module(x) ** 2).sum().backward()
            total = clip(module.parameters())
            return total, *(p.grad for p in module.parameters())

        return run

    def by_norm(parameters):
        return nn.utils.clip_grad_norm_(parameters, 0.5)

    def by_value(parameters):
        nn.utils.clip_grad_value_(parameters, 0.1)
        return tapeout.zeros(1, dtype=tapeout.float64)

    x = f64(4, 3)
    for clip in (by_norm, by_value):
        expected = step(eager, clip)(x)
        assert_identical(run_traced(step(traced, clip), x), list(expected))


def test_looking_at_values_in_a_trace_is_refused():
    layer = nn.Linear(3, 2)

    def step(x):
        layer(x).sum().backward()
        return nn.utils.clip_grad_norm_(layer.parameters(), 1.0, error_if_nonfinite=True)

    with pytest.raises(tapeout.TraceError, match="item"):
        tapeout.trace(step, tapeout.spec((4, 3)))


def test_summaries_and_warnings_work_in_traces_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tapeout.trace(nn.MSELoss(), tapeout.spec((4, 3)), tapeout.spec((4, 3)))
    with pytest.warns(UserWarning, match="Using a target size"):
        tapeout.trace(nn.MSELoss(), tapeout.spec((4, 1)), tapeout.spec((4,)))
