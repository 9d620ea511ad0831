"""The benchmarks measure what they say: right results come first, and the contestants' state is put back."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tapeout
from tapeout.inspection.limits import Level, Limits

ROOMS = ("child", "contest", "networks", "report", "rules", "stand", "tapeout_needs")


@pytest.fixture(scope="module")
def peers() -> Iterator[SimpleNamespace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
        yield SimpleNamespace(**{n: importlib.import_module(f"peers.{n}") for n in ROOMS})


def small(peers: SimpleNamespace, **changes: object):
    options = {"activation": "tanh", "loss": "ce", "optimizer": "adam", **changes}
    return peers.networks.Network((3, 5, 4), 7, **options)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_rules_are_the_optimizers(peers, optimizer):
    network = small(peers, optimizer=optimizer)
    stand = peers.stand.Stand("tapeout_eager")
    stand.build(network)
    model = stand.peer.Setup(tapeout, network).model
    expected, moved = stand.results("eager", 3)
    found, params = trained_by_rule(peers, network, model, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for param, other in zip(params, moved, strict=True):
        np.testing.assert_allclose(param, other, rtol=1e-4, atol=1e-6)


def trained_by_rule(peers, network, model, steps):
    """Losses and parameters, with tapeout's gradients and the rule in place of the optimizer."""
    rule, count = peers.rules.rule(network)
    x, y = map(tapeout.from_numpy, network.data())
    params = list(model.parameters())
    moments = [(0.0,) * count] * len(params)
    losses = []
    for step in range(1, steps + 1):
        loss = tapeout.nn.CrossEntropyLoss()(model(x), y)
        losses.append(loss.item())
        for i, g in enumerate(tapeout.autograd.grad(loss, params)):
            new, moments[i] = rule(params[i].detach().numpy(), g.numpy(), moments[i], float(step))
            with tapeout.no_grad():
                params[i].copy_(tapeout.from_numpy(np.asarray(new, np.float32)))
    return losses, [p.detach().numpy() for p in params]


def test_rounds_begin_anew(peers):
    stand = peers.stand.Stand("tapeout_eager")
    assert list(stand.build(small(peers))) == ["eager"]
    first, params = stand.results("eager", 4)
    assert stand.round("eager", 0.001) > 0
    again, same = stand.results("eager", 4)
    np.testing.assert_array_equal(again, first)
    assert all(map(np.array_equal, same, params))
    assert first[0] != first[3]


def test_losses_that_differ_are_refused(peers):
    right = [np.float32(2.0), np.float32(1.5)]
    wrong = [right[0], np.float32(1.51)]
    peers.contest.check_results("a and b", right, right)
    with pytest.raises(
        peers.contest.MismatchError,
        match=r"a and b disagree in call 2: they differ by 0\.01, of 1\.5; 0\.0001 of that",
    ):
        peers.contest.check_results("a and b", wrong, right)
    with pytest.raises(peers.contest.MismatchError, match="differ by nan"):
        peers.contest.check_results("a and b", [right[0], np.float32(np.nan)], right)


def test_parameters_that_differ_are_refused(peers):
    before, after = [np.zeros(3), np.ones(2)], [np.ones(3), np.ones(2)]
    peers.contest.check_parameters("a and b", after, after, before)
    with pytest.raises(
        peers.contest.MismatchError,
        match=r"disagree in the parameters after 5 steps: they are 0\.5 apart, having moved by 1\.73",
    ):
        peers.contest.check_parameters("a and b", [np.ones(3), np.array([1, 1.5])], after, before)


def test_a_child_answers_and_tells_what_went_wrong(peers):
    child = peers.child.Child("collections", "Counter", "abca")
    assert child.ask("most_common", 1) == [("a", 2)]
    with pytest.raises(peers.child.ChildError, match="no attribute 'least'"):
        child.ask("least")
    assert child.ask("total") == 4
    child.close()
    assert child.process.exitcode == 0


def test_a_missing_framework_is_a_note(peers):
    contest = peers.contest.Contest({"Other": "no_such_room"}, 1)
    assert contest.children == {}
    [note] = contest.notes
    assert note == "Other is left out: ModuleNotFoundError: No module named 'peers.no_such_room'"


def test_lines_of_the_table(peers):
    row = peers.contest.Row(small(peers))
    row.rounds = {
        "tapeout": {"compiled": [1e-6, 2e-6, 2e-6, 2e-6, 2e-6]},
        "torch eager": {"foreach": [8e-6] * 3, "fused": [3e-6, 6e-6, 9e-6]},
    }
    line = peers.report.contest_line(row, ())
    assert line.split() == [
        "3-5-4",
        "tanh",
        "b7",
        "ce",
        "adam",
        "2.0",
        "~6.0",
        "n/a",
        "n/a",
        "3.00",
        "×",
    ]
    row.wrong = "a and b disagree"
    assert "WRONG, not timed: a and b disagree" in peers.report.contest_line(row, ())


def test_the_least_time_of_a_network(peers, monkeypatch):
    able = Limits(1, {"f32": 1e9}, (Level("memory", float("inf"), 1e9),))
    monkeypatch.setattr(peers.tapeout_needs, "limits", lambda count: able)
    need = peers.tapeout_needs.Needs().need(small(peers), (1,))
    # Forward and the weights' gradient of both layers, the second one's gradient of its input, of multiply-adds.
    products = 2 * 7 * (2 * (3 * 5 + 5 * 4) + 5 * 4)
    assert products < need.flops < 2 * products
    assert need.arithmetic == (need.flops / 1e9,)
    assert max(need.flops, need.bytes) / 1e9 <= need.roofline[0] < (need.flops + need.bytes) / 1e9
    line = peers.report.need_line("small", need).split()
    assert line[0] == "small"
    assert line[-3:-1] == [str(need.kernels), "1"]
