"""`nn.Module` and the containers against PyTorch: error texts, prints, keys."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tapeout.nn

torch = pytest.importorskip("torch")

MISTAKES = [
    lambda lib, m: m.load_state_dict(
        {"0.weight": lib.ones(2, 2), "x": lib.ones(1), "2.num_batches_tracked": lib.tensor(1)}
    ),
    lambda lib, m: m.load_state_dict([]),
    lambda lib, m: m[0].foo,
    lambda lib, m: m[0].register_parameter(1, None),
    lambda lib, m: m[0].register_parameter("", None),
    lambda lib, m: m[0].register_parameter("forward", None),
    lambda lib, m: m[0].register_buffer("weight", lib.ones(1)),
    lambda lib, m: m[0].register_buffer("q", 1),
    lambda lib, m: m.add_module("q", 1),
    lambda lib, m: m.append(1),
    lambda lib, m: m.insert(0, 1),
    lambda lib, m: setattr(m, "0", 1),
    lambda lib, m: setattr(m[2], "running_mean", 1),
    lambda lib, m: m.to(lib.int64),
    lambda lib, m: m.train(1),
    lambda lib, m: m[7],
    lambda lib, m: m.get_parameter("0"),
    lambda lib, m: lib.nn.Dropout(1.5),
    lambda lib, m: lib.nn.LayerNorm(4)(lib.ones(2, 3)),
    lambda lib, m: m[2](lib.ones(1, 3)),
    lambda lib, m: m[2](lib.ones(2, 4)),
    lambda lib, m: m[2](lib.ones(2, 3, 4, 5)),
    lambda lib, m: lib.nn.Embedding(3, 2, padding_idx=5),
    lambda lib, m: lib.nn.PReLU(3)(lib.ones(2, 4)),
    lambda lib, m: lib.nn.MSELoss(reduction="max")(lib.ones(2), lib.ones(2)),
    lambda lib, m: lib.nn.CrossEntropyLoss()(lib.ones(4, 3), lib.tensor([0, 1])),
    lambda lib, m: lib.nn.CrossEntropyLoss()(lib.ones(2, 3), lib.tensor([0, 5])),
    lambda lib, m: lib.nn.CrossEntropyLoss(lib.ones(2))(lib.ones(2, 3), lib.tensor([0, 1])),
    lambda lib, m: lib.nn.CrossEntropyLoss(label_smoothing=1.5)(lib.ones(2, 3), lib.tensor([0, 1])),
    lambda lib, m: lib.nn.CrossEntropyLoss(ignore_index=1)(lib.ones(2, 3), lib.ones(2, 3)),
    lambda lib, m: lib.nn.BCELoss()(lib.ones(4, 1), lib.ones(4)),
    lambda lib, m: lib.nn.BCELoss()(lib.ones(4) * 2, lib.ones(4)),
    lambda lib, m: lib.nn.BCEWithLogitsLoss()(lib.ones(4, 1), lib.ones(4)),
    lambda lib, m: lib.nn.SmoothL1Loss(beta=-1.0)(lib.ones(2), lib.ones(2)),
    lambda lib, m: lib.nn.HuberLoss(delta=0.0)(lib.ones(2), lib.ones(2)),
    lambda lib, m: lib.nn.functional.gelu(lib.ones(2), approximate="no"),
    lambda lib, m: lib.nn.functional.one_hot(lib.tensor([3]), 2),
    lambda lib, m: lib.nn.functional.batch_norm(lib.ones(2, 3), None, None),
    lambda lib, m: lib.nn.init.xavier_uniform_(lib.ones(3)),
    lambda lib, m: lib.nn.init.kaiming_normal_(lib.ones(3, 2), mode="fan"),
    lambda lib, m: lib.nn.init.calculate_gain("no"),
    lambda lib, m: lib.nn.init.calculate_gain("leaky_relu", "no"),
    lambda lib, m: lib.nn.init.eye_(lib.ones(3)),
]


def attempt(lib, mistake):
    module = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.ReLU(), lib.nn.BatchNorm1d(3))
    with pytest.raises(Exception) as caught:  # noqa: PT011
        mistake(lib, module)
    return caught.value


def words(error: Exception) -> str:
    """The start of a message, in which both should agree."""
    return str(error.args[0] if error.args else "")[:18].rstrip(" .:")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_what_pytorch_raises(mistake):
    mine, theirs = attempt(tapeout, mistake), attempt(torch, mistake)
    assert isinstance(mine, type(theirs))
    assert str(mine).lstrip("'\"").startswith(words(theirs)) or words(theirs) in str(mine)


def test_the_error_of_loading_is_pytorchs_to_the_letter():
    assert str(attempt(tapeout, MISTAKES[0])) == str(attempt(torch, MISTAKES[0]))


def models(lib):
    nn = lib.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
            self.heads = nn.ModuleDict(
                {"a": nn.Sequential(nn.Linear(2, 1), nn.Tanh()), "b": nn.Identity()}
            )
            self.scales = nn.ParameterList([lib.ones(2, 3), lib.ones(())])
            self.register_buffer("mean", lib.zeros(2))
            self.nothing = nn.Sequential()
            self.loss = nn.CrossEntropyLoss(lib.ones(2))

        def extra_repr(self):
            return "first\nsecond"

    named = OrderedDict([("fc", nn.Linear(3, 2)), ("act", nn.GELU())])
    return [
        Net(), nn.Sequential(named), nn.ModuleList(), nn.ModuleDict(), nn.ParameterList(), nn.Sequential(),
        nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)]),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(7))
def test_models_print_and_name_their_state_as_in_pytorch(number):
    mine, theirs = models(tapeout)[number], models(torch)[number]
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(mine, walk)()] == [n for n, _ in getattr(theirs, walk)()]
