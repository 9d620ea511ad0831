"""Batches are made of samples as PyTorch's users expect, and what cannot be collated is refused."""

from __future__ import annotations

from collections import OrderedDict, deque, namedtuple
from types import MappingProxyType

import numpy as np
import pytest

import tapeout
from tapeout.data import default_collate, default_convert

Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    "samples, dtype, values",
    [
        ([3, 5], "int64", [3, 5]),
        ([2**40, 1], "int64", [2**40, 1]),
        ([1.5, 0.1], "float64", [1.5, 0.1]),
        ([2.5, 1], "float64", [2.5, 1.0]),
        ([True, False], "bool", [True, False]),
        ([np.float32(1.5), np.float32(2)], "float32", [1.5, 2.0]),
        ([np.int16(7), np.int16(8)], "int16", [7, 8]),
        ([np.arange(3), np.arange(3, 6)], "int64", [[0, 1, 2], [3, 4, 5]]),
        ([np.array([1], np.float16)] * 2, "float16", [[1.0], [1.0]]),
    ],
)
def test_numbers_and_arrays_become_one_tensor(samples, dtype, values):
    batch = default_collate(samples)
    assert batch.dtype is getattr(tapeout, dtype)
    assert batch.tolist() == values


def test_tensors_are_stacked_in_memory_of_their_own():
    row = tapeout.tensor([1.0, 2.0, 3.0])
    batch = default_collate([row, row * 2])
    assert batch.tolist() == [[1, 2, 3], [2, 4, 6]]
    batch[0, 0] = 9.0
    assert row.tolist() == [1, 2, 3]


def test_gradients_flow_through_a_batch():
    row = tapeout.tensor([1.0, 2.0], requires_grad=True)
    default_collate([row, row]).sum().backward()
    assert row.grad.tolist() == [2, 2]


def test_strings_and_bytes_stay_lists():
    assert default_collate(["a", "bc"]) == ["a", "bc"]
    assert default_collate([b"x", b"y"]) == [b"x", b"y"]
    assert default_collate([(1, "a"), (2, "b")])[1] == ("a", "b")


def test_tuples_become_lists_and_other_sequences_keep_their_type():
    assert [t.tolist() for t in default_collate([(1, 2.0), (3, 4.0)])] == [[1, 3], [2.0, 4.0]]
    assert isinstance(default_collate([(1, 2), (3, 4)]), list)
    named = default_collate([Pair(1, 2.0), Pair(3, 4.0)])
    assert isinstance(named, Pair)
    assert named.right.tolist() == [2.0, 4.0]
    assert isinstance(default_collate([deque([1]), deque([2])]), deque)
    assert [t.tolist() for t in default_collate([range(2), range(2)])] == [[0, 0], [1, 1]]


def test_dictionaries_keep_their_type_and_order_and_are_not_changed():
    sample = OrderedDict(b=1, a={"x": (2, 3)})
    batch = default_collate([sample, sample])
    assert isinstance(batch, OrderedDict)
    assert list(batch) == ["b", "a"]
    assert batch["b"].tolist() == [1, 1]
    assert [t.tolist() for t in batch["a"]["x"]] == [[2, 2], [3, 3]]
    assert sample == OrderedDict(b=1, a={"x": (2, 3)})
    assert default_collate([MappingProxyType({"a": 1})])["a"].tolist() == [1]


@pytest.mark.parametrize(
    "samples, found",
    [
        ([None, None], "NoneType"),
        ([{1}, {2}], "set"),
        ([1j], "complex"),
        ([1.5, None], "NoneType among numbers"),
        ([np.array("text")], "an array of <U4"),
    ],
)
def test_what_has_no_tensor_is_refused(samples, found):
    with pytest.raises(TypeError, match=f"batch must contain tensors.*found {found}.*collate_fn"):
        default_collate(samples)


def test_samples_of_different_length_or_shape_are_refused():
    with pytest.raises(RuntimeError, match=r"should be of equal size.*lengths \[1, 2\]"):
        default_collate([(1,), (1, 2)])
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([tapeout.zeros(2), tapeout.zeros(3)])


def test_default_convert_turns_arrays_into_tensors_and_leaves_the_rest():
    array, text, (number, inner) = default_convert((np.ones(2), "a", [3, np.zeros(1, np.int32)]))
    assert array.tolist() == [1, 1]
    assert (text, number) == ("a", 3)
    assert inner.dtype is tapeout.int32
    assert default_convert(Pair(1, np.ones(1))).right.tolist() == [1]
    assert default_convert({"k": np.ones(1)})["k"].tolist() == [1]
