"""Equal seeds give PyTorch's batches, splits and orders, whatever else draws in between."""

from __future__ import annotations

import numpy as np
import pytest

import tapeout
import tapeout.data as ours_data

torch = pytest.importorskip("torch")
theirs_data = pytest.importorskip("torch.utils.data")

SIDES = [(tapeout, ours_data), (torch, theirs_data)]
X = np.random.default_rng(1).random((23, 4), np.float32)


def plain(batch):
    return [t.tolist() for t in batch] if isinstance(batch, list) else batch.tolist()


def epochs(library, data, own_generator, count=3, **options):
    """Batches of several epochs, and where the default generator is after each."""
    library.manual_seed(11)
    generator = library.Generator().manual_seed(7) if own_generator else None
    dataset = data.TensorDataset(library.from_numpy(X), library.arange(23))
    loader = data.DataLoader(dataset, generator=generator, **options)
    seen = []
    for _ in range(count):
        seen.append([plain(batch) for batch in loader])
        seen.append(library.rand(2).tolist())
        if generator is not None:
            seen.append(library.rand(2, generator=generator).tolist())
    return seen


@pytest.mark.parametrize("own_generator", [False, True])
@pytest.mark.parametrize(
    "batch_size, drop_last",
    [(size, drop) for size in (1, 5, 23, 40) for drop in (False, True)] + [(None, False)],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches(shuffle, batch_size, drop_last, own_generator):
    options = {"shuffle": shuffle, "batch_size": batch_size, "drop_last": drop_last}
    if batch_size is None:
        options["collate_fn"] = list
    ours, theirs = (epochs(*side, own_generator, **options) for side in SIDES)
    assert ours == theirs


@pytest.mark.parametrize("persistent", [False, True])
def test_batches_with_worker_processes(persistent):
    options = {"batch_size": 5, "shuffle": True, "num_workers": 1, "persistent_workers": persistent}
    ours, theirs = (epochs(*side, True, 2, **options) for side in SIDES)
    assert ours == theirs


def abandoned(library, data):
    """An epoch that stops early, then draws, then a whole one."""
    generator = library.Generator().manual_seed(3)
    loader = data.DataLoader(range(10), 4, shuffle=True, generator=generator)
    first = next(iter(loader)).tolist()
    between = library.rand(2, generator=generator).tolist()
    return first, between, [batch.tolist() for batch in loader]


def test_an_abandoned_epoch():
    ours, theirs = (abandoned(*side) for side in SIDES)
    assert ours == theirs


SAMPLERS = {
    "sequential": lambda d, g: d.SequentialSampler(range(9)),
    "random": lambda d, g: d.RandomSampler(range(9), generator=g),
    "random more": lambda d, g: d.RandomSampler(range(9), num_samples=20, generator=g),
    "random less": lambda d, g: d.RandomSampler(range(9), num_samples=4, generator=g),
    "random twice": lambda d, g: d.RandomSampler(range(9), num_samples=18, generator=g),
    "replacement": lambda d, g: d.RandomSampler(range(9), True, 75, generator=g),
    "replacement 64": lambda d, g: d.RandomSampler(range(9), True, 64, generator=g),
    "subset": lambda d, g: d.SubsetRandomSampler([4, 2, 9, 7], generator=g),
    "weighted": lambda d, g: d.WeightedRandomSampler([0.1, 3.0, 0.7], 30, generator=g),
    "weighted once": lambda d, g: d.WeightedRandomSampler([1, 5, 2, 9], 3, False, generator=g),
    "batches": lambda d, g: d.BatchSampler(d.RandomSampler(range(9), generator=g), 4, False),
}


def sampled(library, data, make, own_generator):
    library.manual_seed(5)
    generator = library.Generator().manual_seed(6) if own_generator else None
    sampler = make(data, generator)
    loader = data.DataLoader(
        range(40), 3, sampler=sampler if make is not SAMPLERS["batches"] else None
    )
    seen = [list(sampler), list(sampler), library.rand(2).tolist()]
    seen += [batch.tolist() for batch in loader]
    return [*seen, library.rand(2, generator=generator).tolist(), len(sampler)]


@pytest.mark.parametrize("own_generator", [False, True])
@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
def test_samplers(make, own_generator):
    ours, theirs = (sampled(*side, make, own_generator) for side in SIDES)
    assert ours == theirs


@pytest.mark.parametrize("taken", [1, 31, 32, 33])
def test_samples_with_replacement_are_drawn_32_at_a_time(taken):
    def state(library, data):
        generator = library.Generator().manual_seed(6)
        iterator = iter(data.RandomSampler(range(9), True, 75, generator=generator))
        return [next(iterator) for _ in range(taken)], library.rand(3, generator=generator).tolist()

    ours, theirs = (state(*side) for side in SIDES)
    assert ours == theirs


@pytest.mark.parametrize(
    "lengths", [[23], [10, 13], [0.5, 0.5], [0.3, 0.3, 0.4], [0.9, 0.05, 0.05], [1 / 3] * 3]
)
@pytest.mark.parametrize("own_generator", [False, True])
def test_random_split(lengths, own_generator):
    def split(library, data):
        library.manual_seed(9)
        given = (library.Generator().manual_seed(4),) if own_generator else ()
        parts = data.random_split(range(23), lengths, *given)
        return [list(part.indices) for part in parts], library.rand(2).tolist()

    ours, theirs = (split(*side) for side in SIDES)
    assert ours == theirs


def test_a_shuffled_split_in_batches():
    def run(library, data):
        library.manual_seed(2)
        dataset = data.TensorDataset(library.from_numpy(X), library.arange(23))
        train, rest = data.random_split(dataset, [0.7, 0.3])
        loaders = [data.DataLoader(train, 4, shuffle=True), data.DataLoader(rest, 4)]
        return [[plain(batch) for batch in loader] for loader in loaders for _ in range(2)]

    ours, theirs = (run(*side) for side in SIDES)
    assert ours == theirs


def test_streams_move_the_generator_alike():
    def run(library, data):
        class Five(data.IterableDataset):
            def __iter__(self):
                return iter(range(5))

        library.manual_seed(2)
        loader = data.DataLoader(Five(), 2)
        return [batch.tolist() for batch in loader], library.rand(2).tolist()

    ours, theirs = (run(*side) for side in SIDES)
    assert ours == theirs


SAMPLES = {
    "ints": [1, 2],
    "floats": [0.1, 2.5],
    "an int before a float": [1, 2.5],
    "a bool before an int": [True, 2],
    "arrays": [np.ones((2, 1), np.float16), np.zeros((2, 1), np.float16)],
    "scalars": [np.float64(0.1), np.float64(3)],
    "dicts": [{"a": 1, "b": (1.5, "x")}, {"a": 2, "b": (2.5, "y")}],
    "lists": [[1, 2], [3, 4]],
    "empty tuples": [(), ()],
}


def described(value):
    if hasattr(value, "dtype"):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return {key: described(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [described(part) for part in value]
    return value


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
def test_collate_and_convert(samples):
    for name in ("default_collate", "default_convert"):
        ours, theirs = (described(getattr(data, name)(samples)) for _, data in SIDES)
        assert ours == theirs


@pytest.mark.parametrize("mean, std", [(0.1307, 0.3081), (0.5, 0.5), (0.2860, 0.3530)])
def test_every_byte_is_normalised_to_the_last_bit(mean, std):
    transforms = ours_data.transforms
    both = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mean,), (std,))])
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    theirs = torch.from_numpy(pixels)[None].to(torch.float32).div(255)
    theirs = theirs.clone().sub_(torch.tensor([mean]).view(-1, 1, 1))
    theirs = theirs.div_(torch.tensor([std]).view(-1, 1, 1))
    assert both(pixels).numpy().tobytes() == theirs.numpy().tobytes()
