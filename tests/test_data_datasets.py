"""Datasets by index, joined, cut and split; and batches gathered from them at once."""

from __future__ import annotations

import numpy as np
import pytest

import tapeout
from tapeout.data import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)
from tapeout.data.batching import fetch_batch, fetch_items, take_rows


class Squares(Dataset):
    def __init__(self, count: int) -> None:
        self.count = count

    def __getitem__(self, index: int) -> int:
        if index >= self.count:
            raise IndexError(index)
        return index * index

    def __len__(self) -> int:
        return self.count


class Endless(IterableDataset):
    def __iter__(self):
        yield from iter(int, 1)


def pairs(count: int = 7) -> TensorDataset:
    x = tapeout.arange(count * 3, dtype=tapeout.float32).reshape(count, 3)
    return TensorDataset(x, tapeout.arange(count) * 10)


def test_tensor_dataset_gives_rows():
    data = pairs()
    assert len(data) == 7
    assert [t.tolist() for t in data[2]] == [[6, 7, 8], 20]
    assert data[-1][1].item() == 60
    assert data[1:3][1].tolist() == [10, 20]
    with pytest.raises(IndexError, match="7"):
        data[7]


def test_tensor_dataset_refuses_what_is_not_a_table():
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors.*\[3, 4\]"):
        TensorDataset(tapeout.zeros(3), tapeout.zeros(4, 2))
    with pytest.raises(TypeError, match=r"not ndarray; make one with tensor.* or from_numpy"):
        TensorDataset(np.zeros(3))
    with pytest.raises(IndexError, match=r"with a first dimension.*got 1 of shapes \[\[\]\]"):
        TensorDataset(tapeout.tensor(1.0))
    with pytest.raises(IndexError, match="got 0"):
        TensorDataset()


def test_subset_looks_up_its_indices_each_time():
    subset = Subset(pairs(), [5, 1, 3])
    assert len(subset) == 3
    assert [subset[i][1].item() for i in range(3)] == [50, 10, 30]
    subset.indices[0] = 2
    assert fetch_batch(subset, np.array([0, 2]))[1].tolist() == [20, 30]
    with pytest.raises(IndexError):
        Subset(pairs(), [1, 7])[1]


@pytest.mark.parametrize(
    "indices", [[5, 1, 3], (5, 1, 3), np.array([5, 1, 3]), tapeout.tensor([5, 1, 3])]
)
def test_subsets_take_indices_of_any_kind(indices):
    assert fetch_batch(Subset(pairs(), indices), np.array([2, 0]))[1].tolist() == [30, 50]


def test_subset_of_a_dataset_with_keys_of_its_own():
    table = {("a", 1): 3, ("b", 2): 4}
    subset = Subset(table, [("b", 2), ("a", 1)])
    assert fetch_batch(subset, np.array([0, 1])).tolist() == [4, 3]


def test_concat_joins_and_counts():
    joined = Squares(3) + Squares(2) + Squares(4)
    assert isinstance(joined, ConcatDataset)
    assert len(joined) == 9
    assert [joined[i] for i in range(9)] == [0, 1, 4, 0, 1, 0, 1, 4, 9]
    assert joined[-1] == 9
    for outside in (9, -10):
        with pytest.raises(IndexError, match=f"index {outside} is out of range .* 9 samples"):
            joined[outside]


def test_concat_refuses_nothing_and_streams():
    with pytest.raises(AssertionError, match="datasets should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="ConcatDataset does not support IterableDataset"):
        ConcatDataset([Squares(2), Endless()])


@pytest.mark.parametrize("kind, method", [(Dataset, "__getitem__"), (IterableDataset, "__iter__")])
def test_a_dataset_without_its_method_says_which_is_missing(kind, method):
    class Empty(kind):
        pass

    with pytest.raises(NotImplementedError, match=f"should implement {method}.*Empty does not"):
        Empty()[0] if kind is Dataset else iter(Empty())


# Gathering.

LAYOUTS = {
    "plain": lambda a: a,
    "transposed": lambda a: a.T.copy().T,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    "indices", [[2, 3, 4], [0], [4, 3], [6, 0, 6], [-1, 0], [-2, -1], [5, 7, 7]]
)
def test_taken_rows_are_copies_in_plain_order(layout, indices):
    array = layout(np.arange(24).reshape(8, 3))
    taken = take_rows(array, np.array(indices))
    assert taken.tolist() == [array[i].tolist() for i in indices]
    assert taken.flags.c_contiguous
    assert not np.shares_memory(taken, array)


@pytest.mark.parametrize("indices", [[8], [7, 8], [-9, -8], [0, 99]])
def test_rows_outside_are_refused(indices):
    with pytest.raises(IndexError, match="out of bounds"):
        take_rows(np.arange(8), np.array(indices))


def test_gradients_flow_through_a_gathered_batch():
    x = tapeout.ones(4, 2, requires_grad=True)
    (batch,) = fetch_batch(TensorDataset(x), np.array([1, 3, 3]))
    batch.sum().backward()
    assert x.grad.tolist() == [[0, 0], [1, 1], [0, 0], [2, 2]]


def test_a_gather_sees_the_tensors_as_they_are_now():
    data = pairs()
    data.tensors[1][2] = -5
    assert fetch_batch(data, np.array([2, 1]))[1].tolist() == [-5, 10]


class Doubled(TensorDataset):
    """Redefines the slow way only: the inherited fast way must not be taken."""

    def __getitem__(self, index):
        return tuple(t * 2 for t in super().__getitem__(index))


class DoubledBoth(Doubled):
    def __getbatch__(self, indices):
        return ["own"]


def test_a_subclass_that_changes_getitem_is_not_overlooked():
    data = Doubled(tapeout.arange(4))
    assert fetch_batch(data, np.array([3, 1]))[0].tolist() == [6, 2]
    assert fetch_batch(Subset(data, [3, 0]), np.array([0, 1]))[0].tolist() == [6, 0]
    assert fetch_batch(DoubledBoth(tapeout.arange(4)), np.array([3])) == ["own"]


def test_getitems_serves_many_samples():
    class Many(Squares):
        def __getitems__(self, indices):
            return [("many", i) for i in indices]

    assert fetch_items(Many(3), [2, 0]) == [("many", 2), ("many", 0)]
    assert fetch_items(Subset(Many(3), [1, 2]), [1]) == [("many", 2)]
    assert fetch_items(Squares(3), [2, 0]) == [4, 0]


# Splitting.


def split_lengths(*args, **kwargs):
    return [len(part) for part in random_split(*args, **kwargs)]


@pytest.mark.parametrize(
    "lengths, expected",
    [
        ([3, 5, 2], [3, 5, 2]),
        ([0.5, 0.5], [5, 5]),
        ([0.33, 0.33, 0.34], [4, 3, 3]),
        ([0.75, 0.25], [8, 2]),
        ([0.19, 0.19, 0.62], [2, 2, 6]),
        ([1.0], [10]),
    ],
)
def test_split_lengths(lengths, expected):
    assert split_lengths(Squares(10), lengths) == expected


def test_a_split_is_a_partition_that_its_generator_decides():
    def parts(seed):
        generator = tapeout.Generator().manual_seed(seed)
        return [part.indices for part in random_split(Squares(20), [12, 8], generator)]

    first, second = parts(3)
    assert sorted(first + second) == list(range(20))
    assert parts(3) == [first, second]
    assert parts(4) != [first, second]


@pytest.mark.parametrize(
    "lengths, message",
    [
        ([3, 3], r"Sum of input lengths does not equal.*\[3, 3\] sum to 6, the dataset has 10"),
        ([0.5, 0.6], r"Sum of input lengths does not equal.*fractions that sum to 1"),
        ([1.5, -0.5], "Fraction at index 0 is not between 0 and 1: 1.5"),
        ([12, -2], r"whole and not negative, got \[12, -2\]"),
        ([7.5, 2.5], "whole and not negative"),
    ],
)
def test_wrong_lengths_are_refused(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(Squares(10), lengths)


def test_an_empty_part_is_warned_of():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        assert split_lengths(Squares(10), [10, 0]) == [10, 0]
    with pytest.warns(UserWarning, match="index 0 is 0"):
        assert split_lengths(Squares(1), [0, 1]) == [0, 1]


def test_fast_and_slow_ways_agree():
    data, indices = pairs(), np.array([6, 0, 3])
    slow = default_collate([data[i] for i in indices.tolist()])
    fast = fetch_batch(data, indices)
    assert type(fast) is type(slow)
    for ours, theirs in zip(fast, slow, strict=True):
        assert ours.dtype is theirs.dtype
        assert ours.tolist() == theirs.tolist()
