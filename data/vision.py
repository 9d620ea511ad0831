"""The image datasets: `MNIST` and `FashionMNIST` from files, and `Digits`, which needs none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..tracer.random import Generator, randperm
from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor
from .digits import load_digits
from .errors import DataFileError
from .idx import read_idx
from .images import ImageDataset
from .pillow import as_image
from .sources import FASHION_MNIST as FASHION_MNIST_SOURCE
from .sources import MNIST as MNIST_SOURCE
from .sources import IdxSource, fetch_idx_set
from .transforms import Transformation

Array = npt.NDArray[Any]
INDENT = " " * 4


class MNIST(ImageDataset):
    """70,000 handwritten digits of 28 × 28 pixels: 60,000 to train on, 10,000 to test with.

    The files are in `root/MNIST/raw`; `download=True` fetches those that are missing. Transforms get
    a Pillow image if Pillow is installed and a height × width array of bytes if not; without a
    transform a loader's batches hold the bytes.
    """

    source: ClassVar[IdxSource] = MNIST_SOURCE
    classes: ClassVar[list[str]] = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]  # fmt: skip

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transformation | None = None,
        target_transform: Transformation | None = None,
        download: bool = False,
    ) -> None:
        self.root = Path(root).expanduser()
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        paths = fetch_idx_set(self.source, self.raw_folder, download, progress=download)
        part = "train" if train else "test"
        self.data, self.targets = _read(paths[f"{part}_images"], paths[f"{part}_labels"])

    @property
    def raw_folder(self) -> str:
        return str(self.source.raw_folder(self.root))

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.classes)}

    def __repr__(self) -> str:
        lines = [
            f"Dataset {type(self).__name__}",
            f"{INDENT}Number of datapoints: {len(self)}",
            f"{INDENT}Root location: {self.root}",
            f"{INDENT}Split: {'Train' if self.train else 'Test'}",
            *_describe_transforms(self.transform, self.target_transform),
        ]
        return "\n".join(lines)

    def _image(self, pixels: Array) -> Any:
        return as_image(pixels)

    def _images(self, pixels: Array) -> Array:
        return pixels


class FashionMNIST(MNIST):
    """70,000 pictures of clothes, in the form of `MNIST`; the files are in `root/FashionMNIST/raw`."""

    source = FASHION_MNIST_SOURCE
    classes = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class Digits(ImageDataset):
    """The 1,797 handwritten digits of 8 × 8 pixels that come with tapeout (see DIGITS.md).

    Images are float32 tensors between 0 and 1 of shape 1 × 8 × 8, or 64 if `flat`. A permutation
    drawn with the seed `SPLIT_SEED` decides which 1,437 (four fifths) are for training and which
    360 for testing, so both sets are the same everywhere.
    """

    SPLIT_SEED = 0
    TRAIN_SHARE = 0.8
    BRIGHTEST = np.float32(16)
    classes: ClassVar[list[str]] = [str(digit) for digit in range(10)]

    def __init__(
        self,
        train: bool = True,
        flat: bool = False,
        transform: Transformation | None = None,
        target_transform: Transformation | None = None,
    ) -> None:
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        pixels, labels = load_digits()
        chosen = self._chosen(len(labels))
        shape = (-1, 64) if flat else (-1, 1, 8, 8)
        images = pixels[chosen].astype(np.float32) / self.BRIGHTEST
        self.data = eager_tensor(images.reshape(shape))
        self.targets = eager_tensor(labels[chosen])

    def __repr__(self) -> str:
        lines = [
            f"Dataset {type(self).__name__}",
            f"{INDENT}Number of datapoints: {len(self)}",
            f"{INDENT}Split: {'Train' if self.train else 'Test'}",
            *_describe_transforms(self.transform, self.target_transform),
        ]
        return "\n".join(lines)

    def _chosen(self, count: int) -> Array:
        seeded = Generator().manual_seed(self.SPLIT_SEED)
        order = array_of(randperm(count, generator=seeded), "the digits")
        cut = int(count * self.TRAIN_SHARE)
        return order[:cut] if self.train else order[cut:]

    def _image(self, pixels: Array) -> Tensor:
        return eager_tensor(pixels.copy())

    def _images(self, pixels: Array) -> Tensor:
        return eager_tensor(pixels)


def _read(images_path: Path, labels_path: Path) -> tuple[Tensor, Tensor]:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DataFileError(
            f"{images_path}: holds {images.dtype}{list(images.shape)}, and the images are three "
            f"dimensions of uint8. Delete it and download it again."
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise DataFileError(
            f"{labels_path}: holds {labels.dtype}{list(labels.shape)}, and {images_path.name} "
            f"beside it needs one whole number for each of its {len(images)} images. "
            f"Delete both and download them again."
        )
    return eager_tensor(images), eager_tensor(labels.astype(np.int64))


def _describe_transforms(
    transform: Transformation | None, target_transform: Transformation | None
) -> list[str]:
    """The lines that PyTorch's users know: only the first is indented."""
    named = {"Transform: ": transform, "Target transform: ": target_transform}
    lines = []
    for name, each in named.items():
        if each is not None:
            first, *others = repr(each).splitlines()
            lines += [name + first, *(" " * len(name) + line for line in others)]
    return [f"{INDENT}StandardTransform", *lines] if lines else []
