"""`nn.summary`: the table of a model."""

from __future__ import annotations

import pytest

import tapeout
from tapeout import nn


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.BatchNorm1d(128), nn.Linear(128, 10))


def test_the_table_of_a_model_with_inputs():
    assert (
        repr(nn.summary(model(), tapeout.spec((64, 784))))
        == """\
layer    class        output shape  parameters
----------------------------------------------
(model)  Sequential   [64, 10]               -
0        Linear       [64, 128]        100,480
1        ReLU         [64, 128]              -
2        BatchNorm1d  [64, 128]            256
3        Linear       [64, 10]           1,290
----------------------------------------------
parameters: 102,026 (102,026 trainable, 0 frozen)
memory of parameters and buffers: 409,136 bytes"""
    )


def test_without_inputs_there_are_no_shapes():
    text = repr(nn.summary(nn.Linear(3, 2).requires_grad_(False)))
    assert (
        text
        == """\
layer    class   parameters
---------------------------
(model)  Linear           8
---------------------------
parameters: 8 (0 trainable, 8 frozen)
memory of parameters and buffers: 32 bytes"""
    )


def test_nothing_is_computed_and_nothing_changes():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    tapeout.manual_seed(0)
    expected = tapeout.rand(3).tolist()
    tapeout.manual_seed(0)
    summary = nn.summary(net, tapeout.ones(4, 3))
    assert [row.shape for row in summary.rows] == ["[4, 3]"] * 3
    assert net[0].num_batches_tracked.item() == 0
    assert tapeout.rand(3).tolist() == expected
    assert not net._forward_hooks
    huge = nn.summary(net, tapeout.spec((10**9, 3)))
    assert huge.rows[0].shape == "[1000000000, 3]"


def test_shared_parameters_count_once_and_structured_results_show():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)
            self.b = nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight
            self.unused = nn.Linear(2, 3)

        def forward(self, x):
            return {"sum": self.a(x), "pair": (x, self.b(x))}

    summary = nn.summary(Net(), tapeout.spec((5, 2)))
    assert [(row.path, row.parameters) for row in summary.rows] == [
        ("", 0),
        ("a", 6),
        ("b", 0),
        ("unused", 9),
    ]
    assert [row.shape for row in summary.rows] == [
        "{sum: [5, 2], pair: ([5, 2], [5, 2])}",
        "[5, 2]",
        "[5, 2]",
        "",
    ]
    assert summary.total == summary.trainable == 15
    assert "unused   Linear  -" in repr(summary)


def test_it_takes_a_module():
    with pytest.raises(TypeError, match=r"summary\(\) describes an nn.Module, not function"):
        nn.summary(lambda x: x)
