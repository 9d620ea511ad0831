"""What the image datasets in memory have in common: images and labels, transformed on the way out.

Nothing is kept of what transforms give: as floats all of MNIST would take four times the memory of
its bytes, and would be out of date as soon as `data` or `transform` is changed, which may happen at
any time. A batch is gathered first and then transformed as a whole, inside the processor's cache.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor
from .batching import Indices, take_rows
from .collate import default_collate
from .datasets import Dataset
from .transforms import Transformation, split

Array = npt.NDArray[Any]


class ImageDataset(Dataset[tuple[Any, Any]]):
    """Images `data` and labels `targets`, each handed to its transform if there is one."""

    data: Tensor
    targets: Tensor
    transform: Transformation | None
    target_transform: Transformation | None

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image = self._image(array_of(self.data, "an image of a dataset")[index])
        target = int(array_of(self.targets, "a label of a dataset")[index])
        return _apply(self.transform, image), _apply(self.target_transform, target)

    def __getbatch__(self, indices: Indices) -> list[Any]:
        pixels = take_rows(array_of(self.data, "loading a batch"), indices)
        targets = take_rows(array_of(self.targets, "loading a batch"), indices)
        images, rest = self._transform_together(pixels)
        if not rest and self.target_transform is None:
            return [_as_tensor(images), eager_tensor(targets.astype(np.int64, copy=False))]
        samples = []
        for image, target in zip(images, targets.tolist(), strict=True):
            for step in rest:
                image = step(image)
            samples.append((image, _apply(self.target_transform, target)))
        collated: list[Any] = default_collate(samples)
        return collated

    @abstractmethod
    def _image(self, pixels: Array) -> Any:
        """One image as transforms get it, in memory of its own."""

    @abstractmethod
    def _images(self, pixels: Array) -> Array | Tensor:
        """Many images as the batched forms of transforms get them."""

    def _transform_together(self, pixels: Array) -> tuple[Iterable[Any], list[Transformation]]:
        """The images after what can be done to all at once, and what remains to be done."""
        together, rest = split(self.transform)
        if rest and not together:
            return [self._image(each) for each in pixels], rest
        images: Any = self._images(pixels)
        for step in together:
            images = step.batched(images)
        return images, rest


def _apply(transform: Transformation | None, value: Any) -> Any:
    return value if transform is None else transform(value)


def _as_tensor(images: Any) -> Tensor:
    return images if isinstance(images, Tensor) else eager_tensor(images)
