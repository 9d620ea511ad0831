"""The same elements in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.ops import shaping as sh
from ..ir.types import normalize_dim, normalize_dims
from .labelled import relabelled
from .location import blame
from .numpy_names import numpy_names
from .reading import read
from .tensor import Tensor, view


def viewed(input: Tensor, op: Any, label: str) -> Tensor:
    made = view(input, op)
    var = read(made)
    if var.op is not None:
        var.label = label
    return made


def shape_of(input: Tensor) -> tuple[int, ...]:
    return read(input).type.static_shape


def _complete(input: Tensor, wanted: Sequence[int]) -> tuple[int, ...]:
    """A shape with its -1 worked out."""
    shape = tuple(int(s) for s in wanted)
    size = math.prod(shape_of(input))
    free = [i for i, s in enumerate(shape) if s == -1]
    rest = math.prod(s for s in shape if s != -1)
    bad = RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    if len(free) > 1:
        raise blame(
            RuntimeError(f"only one dimension can be inferred, but the shape is {list(shape)}")
        )
    if (
        any(s < -1 for s in shape)
        or (free and (rest == 0 or size % rest))
        or (not free and rest != size)
    ):
        raise blame(bad)
    return tuple(size // rest if s == -1 else s for s in shape)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape; one size may be -1."""
    made = viewed(input, sh.Reshape(_complete(input, listed(shape))), "ViewBackward0")
    copied = made._base is None and read(made).array is not None and 0 not in made.shape
    return relabelled(made, "UnsafeViewBackward0") if copied else made


def listed(shape: Sequence[Any]) -> Sequence[int]:
    return shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


def view_as_shape(input: Tensor, *shape: Any) -> Tensor:
    """As `reshape`, but never a copy."""
    array = read(input).array
    made = reshape(input, *shape)
    if array is not None and array.size and not np.may_share_memory(array, read(made).array):
        raise blame(
            RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous subspaces). Use .reshape(...) instead."
            )
        )
    return made


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim as one."""
    shape = shape_of(input)
    start, end = normalize_dim(start_dim, len(shape)), normalize_dim(end_dim, len(shape))
    if start > end:
        raise blame(RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim"))
    if not shape:
        return reshape(input, 1)
    if start == end:
        return input
    return reshape(input, *shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


@numpy_names
def unflatten(input: Tensor, dim: int, shape: Sequence[int]) -> Tensor:
    """One dimension as several."""
    have = shape_of(input)
    place = normalize_dim(dim, len(have))
    rest = math.prod(s for s in shape if s != -1)
    inner = [have[place] // rest if s == -1 else s for s in shape]
    return reshape(input, *have[:place], *inner, *have[place + 1 :])


@numpy_names
def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without its size-1 dimensions, or without some of them."""
    shape = shape_of(input)
    dims = normalize_dims(dim, len(shape))
    kept = tuple(s for i, s in enumerate(shape) if s != 1 or i not in dims)
    return viewed(
        input,
        sh.Reshape(kept),
        f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}",
    )


@numpy_names
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new size-1 dimension at `dim`."""
    shape = shape_of(input)
    place = normalize_dim(dim, len(shape) + 1)
    return viewed(input, sh.Reshape((*shape[:place], 1, *shape[place:])), "UnsqueezeBackward0")


def expand(input: Tensor, *size: Any) -> Tensor:
    """Size-1 dimensions stretched; -1 keeps a size."""
    shape, wanted = shape_of(input), list(listed(size))
    extra = len(wanted) - len(shape)
    full = tuple(shape[i - extra] if s == -1 and i >= extra else s for i, s in enumerate(wanted))
    return viewed(input, sh.Expand(full), "ExpandBackward0")


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    return expand(input, *other.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Stretched to a shape."""
    return expand(input, *size)
