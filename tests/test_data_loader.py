"""Samplers and the loader: batches, epochs, options, and the fast path for data in memory."""

from __future__ import annotations

import numpy as np
import pytest

import tapeout
from tapeout.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    get_worker_info,
)


class Stream(IterableDataset):
    def __init__(self, count: int, sized: bool = False) -> None:
        self.count = count
        if sized:
            self.__class__ = SizedStream

    def __iter__(self):
        return iter(range(self.count))


class SizedStream(Stream):
    def __len__(self) -> int:
        return self.count


def table(count: int = 10, width: int = 3) -> TensorDataset:
    x = tapeout.arange(count * width, dtype=tapeout.float32).reshape(count, width)
    return TensorDataset(x, tapeout.arange(count))


def seeded(seed: int) -> tapeout.Generator:
    return tapeout.Generator().manual_seed(seed)


def values(loader) -> list:
    return [batch.tolist() for batch in loader]


# Samplers.


@pytest.mark.parametrize(
    "size, drop_last", [(3, False), (3, True), (5, True), (11, False), (11, True)]
)
def test_batch_sampler_groups(size, drop_last):
    groups = list(BatchSampler(range(10), size, drop_last))
    expected = [list(range(i, min(i + size, 10))) for i in range(0, 10, size)]
    if drop_last:
        expected = [group for group in expected if len(group) == size]
    assert groups == expected
    assert len(BatchSampler(range(10), size, drop_last)) == len(expected)


def test_random_sampler_visits_each_index_once_a_round():
    sampler = RandomSampler(range(5), num_samples=13, generator=seeded(1))
    order = list(sampler)
    assert len(order) == len(sampler) == 13
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5))
    assert len(set(order[10:])) == 3


def test_random_sampler_with_replacement_repeats():
    order = list(RandomSampler(range(3), replacement=True, num_samples=70, generator=seeded(1)))
    assert len(order) == 70
    assert set(order) == {0, 1, 2}


def test_weighted_sampler_follows_the_weights():
    order = list(WeightedRandomSampler([0.0, 1.0, 3.0], 400, generator=seeded(2)))
    counts = np.bincount(order, minlength=3)
    assert counts[0] == 0
    assert 2 < counts[2] / counts[1] < 4.5
    assert sorted(WeightedRandomSampler([1, 2, 3], 3, replacement=False)) == [0, 1, 2]


def test_subset_random_sampler_shuffles_what_it_was_given():
    order = list(SubsetRandomSampler(["a", "b", "c", "d"], seeded(3)))
    assert sorted(order) == ["a", "b", "c", "d"]
    assert order == list(SubsetRandomSampler(["a", "b", "c", "d"], seeded(3)))


@pytest.mark.parametrize(
    "make, error, message",
    [
        (
            lambda: BatchSampler(range(3), 0, False),
            ValueError,
            "batch_size should be a positive.*=0",
        ),
        (lambda: BatchSampler(range(3), True, False), ValueError, "got batch_size=True"),
        (lambda: BatchSampler(range(3), 2, 1), ValueError, "drop_last should be a boolean.*=1"),
        (lambda: RandomSampler([]), ValueError, "num_samples should be a positive.*=0"),
        (lambda: RandomSampler([1], num_samples=-2), ValueError, "num_samples=-2"),
        (lambda: RandomSampler([1], replacement=1), TypeError, "replacement should be a boolean"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "num_samples=0"),
        (lambda: WeightedRandomSampler([[1.0, 2]], 3), ValueError, r"1d sequence.*shape \(1, 2\)"),
        (lambda: WeightedRandomSampler([1.0], 3, 5), ValueError, "replacement=5"),
        (lambda: iter(Sampler()), NotImplementedError, "should implement __iter__"),
    ],
)
def test_wrong_samplers_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# Batches.


def test_batches_in_order_with_a_smaller_last_one():
    loader = DataLoader(table(), batch_size=4)
    sizes = [(x.shape, y.tolist()) for x, y in loader]
    assert sizes == [((4, 3), [0, 1, 2, 3]), ((4, 3), [4, 5, 6, 7]), ((2, 3), [8, 9])]
    assert len(loader) == 3


def test_drop_last():
    loader = DataLoader(table(), batch_size=4, drop_last=True)
    assert [y.tolist() for _, y in loader] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(loader) == 2


def test_shuffled_epochs_are_different_orders_of_everything():
    loader = DataLoader(range(50), batch_size=7, shuffle=True, generator=seeded(1))
    first, second = ([i for batch in values(loader) for i in batch] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    again = DataLoader(range(50), batch_size=7, shuffle=True, generator=seeded(1))
    assert [i for batch in values(again) for i in batch] == first


def test_rows_and_labels_stay_together_when_shuffled():
    for x, y in DataLoader(table(100), batch_size=16, shuffle=True):
        assert x[:, 0].tolist() == [3.0 * label for label in y.tolist()]


def test_samplers_decide_on_the_order():
    assert values(DataLoader(range(10), 2, sampler=[7, 1, 4])) == [[7, 1], [4]]
    assert values(DataLoader(range(10), batch_sampler=[[7], [1, 4]])) == [[7], [1, 4]]
    assert len(DataLoader(range(10), batch_sampler=[[7], [1, 4]])) == 2
    assert values(DataLoader({"a": 1, "b": 2}, 2, sampler=["b", "a"])) == [[2, 1]]


@pytest.mark.parametrize("kind", [list, np.array, tapeout.tensor])
def test_samplers_of_arrays_and_tensors(kind):
    loader = DataLoader(table(), 2, sampler=kind([0, 5, 9]))
    assert [y.tolist() for _, y in loader] == [[0, 5], [9]]


def test_a_subclass_of_a_sampler_that_changes_iter_is_not_overlooked():
    class Evens(SequentialSampler):
        def __iter__(self):
            return iter(range(0, len(self.data_source), 2))

    assert [y.tolist() for _, y in DataLoader(table(), 3, sampler=Evens(table()))] == [
        [0, 2, 4],
        [6, 8],
    ]


def test_without_batches_samples_come_one_by_one():
    loader = DataLoader([np.ones(2), 3, "a"], batch_size=None)
    one, two, three = loader
    assert (one.tolist(), two, three) == ([1, 1], 3, "a")
    assert len(loader) == 3


def test_a_collate_function_gets_the_samples():
    loader = DataLoader(table(5), 2, collate_fn=lambda samples: [int(y) for _, y in samples])
    assert list(loader) == [[0, 1], [2, 3], [4]]
    shuffled = DataLoader(table(5), 5, shuffle=True, collate_fn=len)
    assert list(shuffled) == [5]


def test_streams():
    assert values(DataLoader(Stream(5), 2)) == [[0, 1], [2, 3], [4]]
    assert values(DataLoader(Stream(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(3), None)) == [0, 1, 2]
    assert [len(DataLoader(Stream(5, True), *a)) for a in [(2,), (None,), (2, None)]] == [3, 5, 3]
    assert len(DataLoader(Stream(5, True), 2, drop_last=True)) == 2
    with pytest.raises(TypeError, match="len"):
        len(DataLoader(Stream(5), 2))


def test_two_iterators_of_one_loader_do_not_disturb_each_other():
    loader = DataLoader(range(4), 2)
    assert [(a.tolist(), b.tolist()) for a in loader for b in loader] == [
        ([0, 1], [0, 1]),
        ([0, 1], [2, 3]),
        ([2, 3], [0, 1]),
        ([2, 3], [2, 3]),
    ]


def test_options_of_worker_processes_are_accepted_and_start_none():
    loader = DataLoader(
        table(),
        4,
        num_workers=2,
        pin_memory=True,
        timeout=5,
        worker_init_fn=lambda number: pytest.fail("no worker is started"),
        prefetch_factor=2,
        persistent_workers=True,
        multiprocessing_context="spawn",
    )
    assert [y.tolist() for _, y in loader] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert get_worker_info() is None


@pytest.mark.parametrize("shuffle", [False, True])
def test_editing_a_batch_leaves_the_dataset_alone(shuffle):
    data = table()
    for wrapped in (data, Subset(data, list(range(10)))):
        for x, y in DataLoader(wrapped, 5, shuffle=shuffle):
            x.zero_()
            y.add_(100)
    assert data.tensors[0].tolist() == table().tensors[0].tolist()
    assert data.tensors[1].tolist() == list(range(10))


class Slow:
    """The same samples without the fast path."""

    def __init__(self, data) -> None:
        self.data = data

    def __getitem__(self, index):
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"drop_last": True}])
@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: Subset(d, [9, 3, 1, 2, 3])])
def test_the_fast_path_changes_nothing(wrap, options):
    data = wrap(table())
    fast = DataLoader(data, 3, generator=seeded(5), **options)
    slow = DataLoader(Slow(data), 3, generator=seeded(5), **options)
    for _ in range(2):
        for ours, theirs in zip(fast, slow, strict=True):
            assert type(ours) is type(theirs) is list
            assert [t.tolist() for t in ours] == [t.tolist() for t in theirs]
            assert [t.dtype for t in ours] == [t.dtype for t in theirs]


def test_the_fast_path_is_taken():
    class Watched(TensorDataset):
        def __getitem__(self, index):
            pytest.fail("samples are fetched one by one")

        def __getbatch__(self, indices):
            return super().__getbatch__(indices)

    data = Watched(tapeout.arange(10))
    assert len(list(DataLoader(data, 3, shuffle=True))) == 4
    assert len(list(DataLoader(Subset(data, [1, 2, 3]), 3))) == 1
    assert len(list(DataLoader(data, batch_sampler=[[0, 1], [5]]))) == 2


@pytest.mark.parametrize("sampler", [[0, 5], [5], [4, 5]])
def test_an_index_outside_is_refused(sampler):
    with pytest.raises(IndexError, match="5 is out of bounds"):
        list(DataLoader(table(5), 2, sampler=sampler))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"batch_size": -3}, "batch_size=-3"),
        ({"batch_size": 2.0}, "batch_size=2.0"),
        ({"batch_size": True}, "batch_size=True"),
        ({"shuffle": True, "sampler": [1]}, "sampler option is mutually exclusive with shuffle"),
        (
            {"batch_size": 2, "batch_sampler": [[1]]},
            "batch_sampler option is mutually .*batch_size=2",
        ),
        ({"drop_last": True, "batch_sampler": [[1]]}, "batch_sampler option is mutually exclusive"),
        ({"sampler": [1], "batch_sampler": [[1]]}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
        ({"num_workers": -1}, "num_workers option should be non-negative, got -1"),
        ({"timeout": -1}, "timeout option should be non-negative, got -1"),
        ({"prefetch_factor": 2}, "prefetch_factor=2 and num_workers=0"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(range(4), **options)


@pytest.mark.parametrize(
    "options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}], ids=str
)
def test_a_stream_decides_on_its_order(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"IterableDataset: expected unspecified {name} option"):
        DataLoader(Stream(3), **options)


def test_an_empty_dataset():
    assert list(DataLoader([], 2)) == []
    with pytest.raises(ValueError, match="num_samples=0"):
        DataLoader([], 2, shuffle=True)


def test_loading_inside_a_trace_is_refused():
    def program(x):
        (batch,) = next(iter(DataLoader(TensorDataset(tapeout.ones(4)), 2)))
        return x + batch

    with pytest.raises(tapeout.TraceError, match="loading a batch needs the values"):
        tapeout.trace(program, tapeout.spec(2))
