"""What is done to each image on its way out of a dataset.

Transforms are functions of one image. Those here that are always the same function of each element
(`ToTensor`, `Normalize`) can also do many images at once, with the same values; datasets in memory
use that for whole batches. From the first other transform in a `Compose` on (`Lambda`, or any
function) images are taken one at a time, since such a function may do anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tracer.promotion import get_default_dtype
from ..tracer.reading import array_of
from ..tracer.tensor import Tensor, eager_tensor
from .batching import speaks_for
from .pillow import is_pillow_image, pixels_of

Array = npt.NDArray[Any]
Transformation = Callable[[Any], Any]


class Transform(ABC):
    """A transform that can do many images at once."""

    @abstractmethod
    def __call__(self, image: Any) -> Any:
        """One image."""

    @abstractmethod
    def batched(self, images: Any) -> Any:
        """Images stacked along a new first dimension, in and out; the input may be overwritten."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Transformation]) -> None:
        self.transforms = transforms

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    def __repr__(self) -> str:
        inner = "".join(f"    {transform}\n" for transform in self.transforms)
        return f"{type(self).__name__}(\n{inner})"


class ToTensor(Transform):
    """An image of height × width (× channels) as a tensor of channels × height × width.

    Bytes become floats between 0 and 1; elements of other types keep type and value.
    """

    def __call__(self, image: Any) -> Tensor:
        if is_pillow_image(image):
            image = pixels_of(image)
        if not isinstance(image, np.ndarray):
            raise TypeError(
                f"pic should be PIL Image or ndarray. Got {type(image)}"
                + (": it is a tensor already" if isinstance(image, Tensor) else "")
            )
        if image.ndim not in (2, 3):
            raise ValueError(
                f"pic should be 2/3 dimensional. Got {image.ndim} dimensions: {image.shape}"
            )
        return eager_tensor(_to_floats(_channels_first(image, 2)))

    def batched(self, images: Array) -> Tensor:
        if not isinstance(images, np.ndarray):
            raise TypeError(f"pic should be PIL Image or ndarray. Got {type(images)}")
        return eager_tensor(_to_floats(_channels_first(images, 3)))


class Normalize(Transform):
    """Subtract each channel's mean and divide by its standard deviation."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, image: Any) -> Tensor:
        mean, std = map(eager_tensor, self._moments(image, 0))
        result: Tensor = image if self.inplace else image.clone()
        return result.sub_(mean).div_(std)  # type: ignore[no-any-return]

    def batched(self, images: Any) -> Tensor:
        mean, std = self._moments(images, 1)
        # Not by tensor operations, which would take a new array for each result.
        values = array_of(images, "Normalize")
        with np.errstate(all="ignore"):
            values -= mean
            values /= std
        result: Tensor = images
        return result

    def _moments(self, images: Any, batch_axes: int) -> tuple[Array, Array]:
        """Mean and standard deviation, in the type and along the channels of what is to be normalised."""
        _check_image(images, batch_axes)
        dtype, shape = images.dtype.numpy, tuple(images.shape)
        mean, std = (
            self._by_channel(self.mean, dtype, shape),
            self._by_channel(self.std, dtype, shape),
        )
        if not std.all():
            raise ValueError(
                f"std evaluated to zero after conversion to {images.dtype}, leading to division by "
                f"zero: {self}"
            )
        return mean, std

    def _by_channel(self, values: Sequence[float], dtype: Any, shape: tuple[int, ...]) -> Array:
        array = np.asarray(values, dtype)
        if array.ndim != 1:
            return array
        if array.shape[0] not in (1, shape[-3]):
            raise RuntimeError(
                f"{self} has {array.shape[0]} channels, the image has {shape[-3]}: {shape}"
            )
        return array.reshape(-1, 1, 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Lambda:
    """A function of yours."""

    def __init__(self, lambd: Transformation) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def split(transform: Transformation | None) -> tuple[list[Transform], list[Transformation]]:
    """What can be done to many images at once, and what remains to be done to each after that."""
    steps = _steps(transform)
    together: list[Transform] = []
    for step in steps:
        if not (isinstance(step, Transform) and speaks_for(step, "batched", "__call__")):
            break
        together.append(step)
    return together, steps[len(together) :]


def _steps(transform: Transformation | None) -> list[Transformation]:
    if transform is None:
        return []
    if isinstance(transform, Compose) and type(transform).__call__ is Compose.__call__:
        return [step for part in transform.transforms for step in _steps(part)]
    return [transform]


def _check_image(image: Any, batch_axes: int) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(
            f"img should be Tensor Image. Got {type(image)}; put ToTensor() before Normalize"
        )
    if not image.dtype.is_floating_point:
        raise TypeError(f"Input tensor should be a float tensor. Got {image.dtype}.")
    if image.ndim < 3 + batch_axes:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tuple(image.shape[batch_axes:])}"
        )


def _channels_first(pixels: Array, channels_axis: int) -> Array:
    """(n ×) height × width (× channels) as (n ×) channels × height × width."""
    if pixels.ndim == channels_axis:
        return pixels[..., None, :, :]
    return np.moveaxis(pixels, channels_axis, channels_axis - 2)


def _to_floats(pixels: Array) -> Array:
    """A copy; bytes scaled to 0 to 1."""
    if pixels.dtype != np.uint8:
        return pixels.copy(order="C")
    dtype = get_default_dtype().numpy
    floats: Array = pixels.astype(dtype, order="C")
    floats /= dtype.type(255)
    return floats
