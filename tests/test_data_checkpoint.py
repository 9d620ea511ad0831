"""Checkpoints come back as they were, are ordinary safetensors files, and damage is named."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import tapeout
from tapeout.data import DataFileError, load, save

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
]  # fmt: skip


def model_state() -> OrderedDict:
    return OrderedDict(
        [
            ("net.2.weight", tapeout.arange(6, dtype=tapeout.float32).reshape(2, 3)),
            ("net.2.bias", tapeout.tensor([0.5, -1.0])),
            ("bn.num_batches_tracked", tapeout.tensor(7)),
            ("a.mask", tapeout.tensor([True, False, True])),
        ]
    )


def optimizer_state() -> dict:
    moments = {"step": tapeout.tensor(3.0), "exp_avg": tapeout.ones(2, 3), "max": None}
    group = {"lr": 1e-3, "betas": (0.9, 0.999), "amsgrad": False, "params": [0, 1], "name": "all"}
    return {"state": {0: moments, 1: {}}, "param_groups": [group, {"lr": float("inf")}]}


def same(a, b) -> bool:
    """Equal in type, value, and order all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tapeout.Tensor):
        return (
            a.dtype is b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
        )
    if isinstance(a, dict):
        return same(list(a), list(b)) and same(list(a.values()), list(b.values()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


def round_trip(value):
    stream = io.BytesIO()
    save(value, stream)
    stream.seek(0)
    return load(stream)


STATES = {
    "model": model_state(),
    "optimizer": optimizer_state(),
    "both": {"model": model_state(), "optimizer": optimizer_state(), "epoch": 12, "note": "é\n\0"},
    "a tensor": tapeout.arange(5),
    "a number": 3,
    "nothing": None,
    "empty": [{}, [], (), OrderedDict(), ""],
    "keys": {0: 1, "0": 2, 1.5: 3, None: 4, True: 5, (1, "a"): 6},
    "floats": [0.1, 1e-300, -0.0, float("nan"), float("inf"), float("-inf")],
    "large": [2**80, -(2**63)],
    "names that clash": {"a.b": tapeout.ones(1), "a": {"b": tapeout.zeros(2)}},
    "reserved name": {"__metadata__": tapeout.ones(3), "x": tapeout.zeros(1)},
    "looks like a marker": [{"tensor": "x"}, {"dict": [1]}, {"float": "nan"}],
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_what_was_saved_is_loaded(state):
    assert same(round_trip(state), state)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 5), (2, 0, 4)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype, shape):
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2
    tensor = tapeout.tensor(values).to(getattr(tapeout, dtype))
    assert same(round_trip({"t": tensor, "odd": tapeout.ones(3).bool()})["t"], tensor)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(NESTED)
def test_any_nesting(state):
    assert same(round_trip(state), state)


def test_loaded_tensors_can_be_written_and_are_plain():
    loaded = round_trip({"w": tapeout.ones(2, 3, requires_grad=True)})["w"]
    assert not loaded.requires_grad
    loaded.add_(1)
    assert loaded.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_tensors_that_are_not_contiguous_or_shared():
    base = tapeout.arange(12).reshape(3, 4)
    loaded = round_trip(
        {"t": base.t(), "row": base[1], "column": base[:, 2], "base": base, "b": base}
    )
    assert loaded["t"].tolist() == base.t().tolist()
    assert loaded["row"].tolist() == [4, 5, 6, 7]
    assert loaded["column"].tolist() == [2, 6, 10]
    assert loaded["base"].tolist() == loaded["b"].tolist() == base.tolist()
    loaded["base"].zero_()
    assert loaded["b"].tolist() == base.tolist()


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_paths(tmp_path, kind):
    path = kind(tmp_path / "new" / "model.pt")
    save(model_state(), path)
    assert same(load(path), model_state())
    save({"w": tapeout.ones(1)}, path)
    assert list(load(path)) == ["w"]
    assert os.listdir(tmp_path / "new") == ["model.pt"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    save([1], tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "real") == [1]


def test_a_pipe_is_written_to_not_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    save([1, 2], path)
    assert load(io.BytesIO(os.read(reader, 10_000))) == [1, 2]
    os.close(reader)
    assert path.is_fifo()


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    save([1], path)
    with pytest.raises(TypeError):
        save([{1, 2}], path)
    assert load(path) == [1]
    assert os.listdir(tmp_path) == ["model.pt"]


def test_open_files(tmp_path):
    with (tmp_path / "f").open("wb") as stream:
        save([1, tapeout.ones(2)], stream)
    with (tmp_path / "f").open("rb") as stream:
        assert same(load(stream), [1, tapeout.ones(2)])


# Other readers and writers of the format.


def test_a_state_dict_is_an_ordinary_safetensors_file(tmp_path):
    save(model_state(), tmp_path / "m")
    arrays = safetensors.numpy.load_file(tmp_path / "m")
    assert {k: v.tolist() for k, v in arrays.items()} == {
        k: v.tolist() for k, v in model_state().items()
    }
    with safetensors.safe_open(tmp_path / "m", "np") as opened:
        assert opened.metadata()["format"] == "pt"


def test_ordinary_safetensors_files_are_read(tmp_path):
    arrays = {"w": np.arange(6, dtype=np.float64).reshape(3, 2), "b": np.array([True, False])}
    safetensors.numpy.save_file(arrays, tmp_path / "m", {"author": "someone"})
    loaded = load(tmp_path / "m")
    assert {k: v.tolist() for k, v in loaded.items()} == {k: v.tolist() for k, v in arrays.items()}


def test_pytorch_reads_and_writes_them_too(tmp_path):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")
    state = {name: tapeout.ones(2, 3).to(getattr(tapeout, name)) for name in DTYPES}
    save(state, tmp_path / "ours")
    found = theirs.load_file(tmp_path / "ours")
    assert {k: (v.dtype, v.tolist()) for k, v in found.items()} == {
        name: (getattr(torch, name), [[1] * 3] * 2) for name in DTYPES
    }
    theirs.save_file(found, tmp_path / "theirs")
    loaded = load(tmp_path / "theirs")
    assert all(same(loaded[name], state[name]) for name in DTYPES)


# What is refused.


class Net:
    def state_dict(self):
        return {}


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    "state, message",
    [
        (Net(), r"the object is of type Net, .* save its \.state_dict\(\) instead"),
        ({"model": Net()}, r"the object\['model'\] is of type Net, .*state_dict\(\)"),
        ({"a": [1, {2}]}, r"the object\['a'\]\[1\] is of type set. A checkpoint holds tensors"),
        ([np.ones(2)], r"the object\[0\] is of type ndarray.*from_numpy"),
        ([np.float64(1)], r"float64.*\.item\(\)"),
        ([Pair(1, 2)], "of type Pair.*plain tuple"),
        ({"h": defaultdict(list)}, r"\['h'\] is of type defaultdict.*plain dict with dict"),
        ([tapeout.float32], "of type DType"),
        ({(1, tapeout.ones): 3}, "of type function"),
        ({tapeout.ones(1): 3}, "the object has a key of type Tensor"),
    ],
)
def test_what_is_not_state_is_refused(state, message):
    with pytest.raises(TypeError, match=message):
        save(state, io.BytesIO())


def test_state_that_contains_itself():
    state: dict = {"a": []}
    state["a"].append(state)
    with pytest.raises(ValueError, match=r"the object\['a'\]\[0\] contains itself"):
        save(state, io.BytesIO())


def test_a_list_met_twice_is_no_circle():
    inner = [1]
    assert round_trip([inner, inner]) == [[1], [1]]


def checkpoint() -> bytes:
    stream = io.BytesIO()
    save(model_state(), stream)
    return stream.getvalue()


def with_header(change) -> bytes:
    """A checkpoint whose header went through `change`."""
    content = checkpoint()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def moved(header) -> None:
    header["net.2.bias"]["data_offsets"] = [0, 8]


def structure(text):
    return lambda header: header["__metadata__"].update({"tapeout.structure": text})


DAMAGE = {
    "empty": (lambda: b"", "not a checkpoint. It has 0 bytes"),
    "text": (lambda: b"<html>not found</html>", "not a checkpoint.*starts with b'<html>no'"),
    "pickle": (lambda: pickle.dumps([1], 2), "not a checkpoint.*PyTorch pickled.*save_file"),
    "zip": (lambda: b"PK\3\4" + b"\0" * 30, "not a checkpoint.*PyTorch pickled"),
    "cut in the header": (lambda: checkpoint()[:50], "truncated checkpoint.*50 are there"),
    "cut in the data": (lambda: checkpoint()[:-1], "truncated checkpoint.*43 bytes, 42 are there"),
    "more data": (lambda: checkpoint() + b"xyz", "corrupt checkpoint: 3 bytes follow its 43 bytes"),
    "broken header": (
        lambda: checkpoint().replace(b'{"__', b"{ __", 1),
        "corrupt checkpoint: its header is not valid JSON",
    ),
    "no type": (
        lambda: with_header(lambda h: h["net.2.bias"].update(dtype="F4")),
        "the entry of 'net.2.bias' is .*F4.*known types: BOOL, U8",
    ),
    "other shape": (
        lambda: with_header(lambda h: h["net.2.bias"].update(shape=[3])),
        r"'net.2.bias' of float32\[3\] has bytes",
    ),
    "negative shape": (
        lambda: with_header(lambda h: h["net.2.bias"].update(shape=[-1, -2])),
        "'net.2.bias' of float32",
    ),
    "overlap": (lambda: with_header(moved), "corrupt checkpoint.*starts at byte"),
    "entry is no table": (
        lambda: with_header(lambda h: h.update({"net.2.bias": 3})),
        "the entry of 'net.2.bias' is 3",
    ),
    "metadata": (
        lambda: with_header(lambda h: h.update(__metadata__={"a": 1})),
        "__metadata__ is not a table of strings",
    ),
    "structure": (lambda: with_header(structure("[")), "structure cannot be read.*JSONDecodeError"),
    "unknown tensor": (
        lambda: with_header(structure('{"tensor":"gone"}')),
        "structure cannot be read.*KeyError: 'gone'",
    ),
    "unknown kind": (lambda: with_header(structure('{"set":[1]}')), "structure cannot.*'set'"),
    "unhashable key": (
        lambda: with_header(structure('{"dict":[[[1],2]]}')),
        "structure cannot be read.*unhashable",
    ),
    "later version": (
        lambda: with_header(lambda h: h["__metadata__"].update({"tapeout.version": "9"})),
        "a checkpoint of version 9, and this tapeout reads version 1",
    ),
}


@pytest.mark.parametrize("make, message", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named_with_the_path(tmp_path, make, message):
    path = tmp_path / "model.pt"
    path.write_bytes(make())
    with pytest.raises(DataFileError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_nothing_in_a_file_is_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for weights_only in (True, False):
        with pytest.raises(DataFileError):
            load(io.BytesIO(pickle.dumps(Bomb())), weights_only=weights_only)
    assert not (tmp_path / "ran").exists()


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.pt: no such file.*save"):
        load(tmp_path / "gone.pt")
    with pytest.raises(IsADirectoryError, match="is a folder: give load"):
        load(tmp_path)
    with pytest.raises(IsADirectoryError, match="is a folder: give save"):
        save([1], tmp_path)


@pytest.mark.parametrize("where", [3, None, io.StringIO()], ids=type)
def test_neither_path_nor_binary_file(where):
    for use in (lambda: load(where), lambda: save([1], where)):
        with pytest.raises(TypeError, match=r"expected a path or a binary file with a method"):
            use()


@pytest.mark.parametrize(
    "location", [None, "cpu", tapeout.device("cpu"), {"cuda:0": "cpu"}, lambda storage, _: storage]
)
def test_map_locations(tmp_path, location):
    save({"w": tapeout.ones(2)}, tmp_path / "m")
    assert load(tmp_path / "m", map_location=location)["w"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "location, error", [("cuda", RuntimeError), ({"cpu": "cuda"}, RuntimeError), (3, TypeError)]
)
def test_map_locations_that_are_not_here(tmp_path, location, error):
    save([1], tmp_path / "m")
    with pytest.raises(error, match=r"cuda|map_location"):
        load(tmp_path / "m", map_location=location)
