"""MNIST and its relatives from files made here, and the digits that come with the package."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import tapeout
from tapeout.data import (
    MNIST,
    DataFileError,
    DataLoader,
    DatasetNotFoundError,
    Digits,
    FashionMNIST,
    Subset,
    default_collate,
)
from tapeout.data.digits import load_digits
from tapeout.data.idx import write_idx
from tapeout.data.transforms import Compose, Lambda, Normalize, ToTensor

SIZES = {"train": 11, "t10k": 5}
HAS_PILLOW = find_spec("PIL") is not None


def images_of(part: str) -> np.ndarray:
    return np.random.default_rng(len(part)).integers(0, 256, (SIZES[part], 4, 6)).astype(np.uint8)


def labels_of(part: str) -> np.ndarray:
    return (np.arange(SIZES[part]) * 3 % 10).astype(np.uint8)


@pytest.fixture
def root(tmp_path):
    for name in ("MNIST", "FashionMNIST"):
        for part in SIZES:
            write_idx(tmp_path / name / "raw" / f"{part}-images-idx3-ubyte", images_of(part))
            write_idx(tmp_path / name / "raw" / f"{part}-labels-idx1-ubyte", labels_of(part))
    return tmp_path


@pytest.mark.parametrize("train, part", [(True, "train"), (False, "t10k")])
@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_the_files_are_read(root, kind, train, part):
    data = kind(root, train=train)
    assert len(data) == SIZES[part]
    assert data.data.dtype is tapeout.uint8
    assert data.data.tolist() == images_of(part).tolist()
    assert data.targets.dtype is tapeout.int64
    assert data.targets.tolist() == labels_of(part).tolist()


def test_an_item_is_an_image_and_a_number(root):
    image, target = MNIST(root)[7]
    assert np.asarray(image).tolist() == images_of("train")[7].tolist()
    assert type(target) is int
    assert target == 1
    assert isinstance(image, np.ndarray) is not HAS_PILLOW


def test_pillow_images_where_pillow_is_installed(root):
    pillow = pytest.importorskip("PIL.Image")
    image, _ = MNIST(root)[0]
    assert isinstance(image, pillow.Image)
    assert (image.mode, image.size) == ("L", (6, 4))


@pytest.mark.skipif(HAS_PILLOW, reason="images are Pillow's here")
def test_editing_an_item_leaves_the_dataset_alone(root):
    data = MNIST(root)
    data[3][0][:] = 0
    assert data.data.tolist() == images_of("train").tolist()


def test_transforms_are_applied(root):
    data = MNIST(root, transform=ToTensor(), target_transform=lambda t: t + 100)
    image, target = data[2]
    assert image.shape == (1, 4, 6)
    np.testing.assert_allclose(image.numpy()[0] * 255, images_of("train")[2], rtol=1e-6)
    assert target == 106


def test_indices(root):
    data = MNIST(root)
    assert data[-1][1] == data[10][1] == 0
    with pytest.raises(IndexError, match="11 is out of bounds"):
        data[11]


def test_classes():
    assert MNIST.classes[3] == "3 - three"
    assert FashionMNIST.classes[9] == "Ankle boot"
    assert len(MNIST.classes) == len(FashionMNIST.classes) == 10


def test_class_to_idx(root):
    assert FashionMNIST(root).class_to_idx["Trouser"] == 1


def test_missing_files(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"MNIST is not complete.*download=True"):
        MNIST(tmp_path)


def test_files_that_do_not_belong_together(root):
    raw = root / "MNIST" / "raw"
    write_idx(raw / "train-labels-idx1-ubyte", labels_of("t10k"))
    with pytest.raises(DataFileError, match=r"train-labels.*uint8\[5\].*each of its 11 images"):
        MNIST(root)
    write_idx(raw / "train-images-idx3-ubyte", np.zeros(11, np.uint8))
    with pytest.raises(
        DataFileError, match=r"train-images.*uint8\[11\].*three dimensions of uint8"
    ):
        MNIST(root)


def test_how_a_dataset_prints(root):
    head = (
        f"Dataset MNIST\n    Number of datapoints: 11\n    Root location: {root}\n    Split: Train"
    )
    assert repr(MNIST(root)) == head
    both = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
    assert repr(MNIST(root, transform=both, target_transform=Lambda(abs))) == (
        f"{head}\n"
        "    StandardTransform\n"
        "Transform: Compose(\n"
        "               ToTensor()\n"
        "               Normalize(mean=(0.1307,), std=(0.3081,))\n"
        "           )\n"
        "Target transform: Lambda()"
    )
    assert "Split: Test" in repr(MNIST(root, train=False))
    assert repr(FashionMNIST(root)).startswith("Dataset FashionMNIST")
    assert (
        repr(Digits(train=False))
        == "Dataset Digits\n    Number of datapoints: 360\n    Split: Test"
    )


# Batches.

TRANSFORMS = {
    "tensor": ToTensor(),
    "normalised": Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]),
    "flattened": Compose([ToTensor(), Lambda(tapeout.flatten)]),
    "own first": Compose([np.asarray, ToTensor(), Normalize((0.5,), (0.5,))]),
    "own": lambda image: float(np.asarray(image).sum()),
    "pair": Compose([ToTensor(), lambda image: {"sum": image.sum(), "first": image[0]}]),
}


def flattened(value) -> list:
    """Every tensor in a batch with its dtype."""
    if isinstance(value, dict):
        return [each for key in value for each in flattened(value[key])]
    if isinstance(value, list):
        return [each for part in value for each in flattened(part)]
    return [(str(value.dtype), value.tolist())]


@pytest.mark.parametrize("target_transform", [None, float, lambda t: [t, t + 1]])
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_batches_are_what_the_items_collate_to(root, transform, target_transform):
    data = MNIST(root, transform=transform, target_transform=target_transform)
    loader = DataLoader(Subset(data, [3, 1, 4, 10, 5]), 2)
    groups = [[3, 1], [4, 10], [5]]
    for batch, group in zip(loader, groups, strict=True):
        assert flattened(batch) == flattened(default_collate([data[i] for i in group]))


def test_transforms_that_draw_do_so_in_the_order_of_the_items(root):
    drawn = np.random.default_rng(3).permutation(1000)

    def noisy_transforms():
        numbers = iter(drawn.tolist())
        noisy = Compose([ToTensor(), lambda x: x.sum() * 0 + next(numbers)])
        return {"transform": noisy, "target_transform": lambda _: next(numbers)}

    (fast,) = DataLoader(MNIST(root, **noisy_transforms()), 11)
    slow = MNIST(root, **noisy_transforms())
    assert flattened(fast) == flattened(default_collate([slow[i] for i in range(11)]))


def test_without_transforms_a_batch_holds_the_bytes(root):
    images, targets = next(iter(DataLoader(MNIST(root), 3)))
    assert images.dtype is tapeout.uint8
    assert images.tolist() == images_of("train")[:3].tolist()
    assert targets.tolist() == [0, 3, 6]


@pytest.mark.parametrize("transform", [None, *TRANSFORMS.values()])
def test_batches_are_memory_of_their_own(root, transform):
    data = MNIST(root, transform=transform)
    for batch in DataLoader(data, 4):
        for part in batch:
            if isinstance(part, tapeout.Tensor):
                part.zero_()
    assert data.data.tolist() == images_of("train").tolist()
    assert data.targets.tolist() == labels_of("train").tolist()


def test_changes_of_the_dataset_are_seen(root):
    data = MNIST(root, transform=ToTensor())
    keep = data.targets == 3
    data.data, data.targets = data.data[keep], data.targets[keep]
    data.transform = None
    assert len(data) == keep.sum().item()
    (batch,) = DataLoader(data, 9)
    assert batch[0].tolist() == images_of("train")[keep.numpy()].tolist()


def test_a_subclass_that_changes_items_is_not_overlooked(root):
    class Indexed(MNIST):
        def __getitem__(self, index):
            return (*super().__getitem__(index), index)

    batch = next(iter(DataLoader(Indexed(root, transform=ToTensor()), 4)))
    assert batch[2].tolist() == [0, 1, 2, 3]


# The digits that come with the package.


def test_digits_are_all_of_them_split_in_two():
    train, test = Digits(), Digits(train=False)
    assert (len(train), len(test)) == (1437, 360)
    images, labels = load_digits()
    both = np.concatenate([train.data.numpy(), test.data.numpy()]).reshape(-1, 64) * 16
    ours = np.column_stack([both, np.concatenate([train.targets.numpy(), test.targets.numpy()])])
    all_of_them = np.column_stack([images.reshape(-1, 64), labels])
    assert np.array_equal(np.unique(ours, axis=0), np.unique(all_of_them, axis=0))
    assert sorted(map(tuple, ours)) == sorted(map(tuple, all_of_them))


def test_the_split_is_the_same_everywhere_and_takes_nothing_from_the_default_generator():
    tapeout.manual_seed(1)
    before = tapeout.get_rng_state().tolist()
    assert Digits().targets[:12].tolist() == FIRST_TRAINED
    assert Digits(train=False).targets[:12].tolist() == FIRST_TESTED
    assert tapeout.get_rng_state().tolist() == before


FIRST_TRAINED = [6, 5, 5, 7, 9, 9, 8, 4, 6, 8, 6, 0]
FIRST_TESTED = [2, 4, 8, 4, 9, 6, 8, 7, 7, 2, 1, 4]


def test_every_digit_is_in_both_parts_about_equally():
    for train, count in ((True, 1437), (False, 360)):
        found = np.bincount(Digits(train=train).targets.numpy(), minlength=10)
        assert found.min() > count * 0.07


@pytest.mark.parametrize("flat, shape", [(False, (1, 8, 8)), (True, (64,))])
def test_digits_are_floats_between_0_and_1(flat, shape):
    data = Digits(flat=flat)
    image, label = data[5]
    assert image.shape == shape
    assert image.dtype is tapeout.float32
    assert type(label) is int
    assert (data.data.min().item(), data.data.max().item()) == (0, 1)
    assert data.targets.dtype is tapeout.int64


def test_digits_in_batches():
    normalize = Normalize([0.3], [0.4])
    data = Digits(train=False, transform=normalize)
    loader = DataLoader(data, 100)
    groups = [range(i, min(i + 100, 360)) for i in range(0, 360, 100)]
    for batch, group in zip(loader, groups, strict=True):
        assert flattened(batch) == flattened(default_collate([data[i] for i in group]))
    before = data.data.tolist()
    next(iter(loader))[0].zero_()
    data[0][0].zero_()
    assert data.data.tolist() == before
