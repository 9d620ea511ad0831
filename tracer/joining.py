"""New tensors from the elements of others: joined, repeated, turned round, cut off, copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir.dtypes import DType
from ..ir.ops import slicing as sl
from ..ir.types import normalize_dim, normalize_dims
from ..ir.values import Value
from .copying import clone
from .eager import builder
from .labelled import labelled, relabelled
from .location import blame
from .numpy_names import numpy_names
from .promotion import operand_value, result_type
from .reading import read
from .reshaping import expand, flatten, listed, reshape, shape_of, unsqueeze
from .slicing import diagonal as diagonal_of
from .slicing import narrow
from .tensor import Tensor, apply


@numpy_names
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Side by side along a dim."""
    parts = list(tensors)
    if not parts:
        raise blame(ValueError("cat(): expected a non-empty list of Tensors"))
    dtype = result_type(*parts)
    for number, part in enumerate(parts):
        if part.ndim == 0:
            raise blame(
                RuntimeError(
                    f"zero-dimensional tensor (at position {number}) cannot be concatenated; use stack()"
                )
            )
    like = next((p for p in parts if tuple(p.shape) != (0,)), parts[0])
    place = normalize_dim(dim, like.ndim)
    return apply(sl.Cat(place), *(_cat_part(p, like, place, dtype) for p in parts))


def _cat_part(part: Tensor, like: Tensor, place: int, dtype: DType) -> Value:
    """A part in the common dtype; one of shape (0,) may stand for an empty part of any shape."""
    value = operand_value(part, dtype)
    if tuple(part.shape) != (0,):
        return value
    shape = shape_of(like)
    return builder().reshape_to(value, (*shape[:place], 0, *shape[place + 1 :]))


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side along the second dim; vectors along their only one."""
    parts = [reshape(p, 1) if p.ndim == 0 else p for p in tensors]
    return cat(parts, 0 if parts and parts[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """On top of each other along the first dim; vectors become rows."""
    return cat([reshape(p, 1, p.numel()) if p.ndim < 2 else p for p in tensors], 0)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Vectors expanded over each other's dimensions: coordinates of a grid."""
    given: Any = listed(tensors)
    parts = [reshape(p, p.numel()) for p in given]
    if indexing not in ("ij", "xy"):
        raise blame(
            RuntimeError(
                f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
            )
        )
    swapped = indexing == "xy" and len(parts) > 1
    if swapped:
        parts[0], parts[1] = parts[1], parts[0]
    shape = [shape_of(p)[0] for p in parts]
    grids = [
        expand(reshape(p, *(-1 if j == i else 1 for j in range(len(parts)))), *shape)
        for i, p in enumerate(parts)
    ]
    return (grids[1], grids[0], *grids[2:]) if swapped else tuple(grids)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as the diagonal of a matrix; a matrix's diagonal as a vector."""
    if input.ndim == 2:
        return clone(diagonal_of(input, diagonal))
    if input.ndim != 1:
        raise blame(RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D"))
    b, value = builder(), read(input)
    count = shape_of(input)[0]
    size = count + abs(diagonal)
    start = diagonal if diagonal >= 0 else -diagonal * size
    zeros = b.full(value.type.with_shape((size * size,)), 0)
    stop = start + (count - 1) * (size + 1) + 1 if count else start
    filled = b.slice_update(zeros, value, dim=0, start=start, stop=stop, step=size + 1)
    return labelled(b.reshape(filled, shape=(size, size)), "DiagEmbedBackward0")


@numpy_names
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Side by side along a new dim."""
    parts = list(tensors)
    if not parts:
        raise blame(RuntimeError("stack expects a non-empty TensorList"))
    for number, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise blame(
                RuntimeError(
                    f"stack expects each tensor to be equal size, but got {list(parts[0].shape)} at entry 0 and "
                    f"{list(part.shape)} at entry {number}"
                )
            )
    made = cat([unsqueeze(p, dim) for p in parts], normalize_dim(dim, parts[0].ndim + 1))
    return relabelled(made, "StackBackward0")


def flip(input: Tensor, *given: Any, dims: Any = None) -> Tensor:
    """The order along some dims reversed."""
    wanted = listed(given) if dims is None else dims
    if isinstance(wanted, int):
        wanted = (wanted,)
    places = normalize_dims(tuple(wanted), input.ndim) if wanted else ()
    return apply(sl.Flip(places), read(input))


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies of the tensor side by side."""
    counts = [int(r) for r in listed(repeats)]
    shape = shape_of(input)
    if len(counts) < len(shape):
        raise blame(
            RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
                f"{counts} for a tensor of shape {list(shape)}"
            )
        )
    padded = (1,) * (len(counts) - len(shape)) + shape
    apart = [size for pair in zip((1,) * len(padded), padded, strict=True) for size in pair]
    spread = [size for pair in zip(counts, padded, strict=True) for size in pair]
    b = builder()
    wide = b.expand(b.reshape(read(input), shape=tuple(apart)), shape=tuple(spread))
    joined = b.reshape(wide, shape=tuple(c * s for c, s in zip(counts, padded, strict=True)))
    return relabelled(clone(labelled(joined, None)), "RepeatBackward0")


@numpy_names
def repeat_interleave(input: Tensor, repeats: int, dim: int | None = None) -> Tensor:
    """Each element several times in a row."""
    x = flatten(input) if dim is None else input
    place = normalize_dim(dim or 0, x.ndim)
    shape = shape_of(x)
    wide = expand(unsqueeze(x, place + 1), *shape[: place + 1], repeats, *shape[place + 1 :])
    return clone(reshape(wide, *shape[:place], shape[place] * repeats, *shape[place + 1 :]))


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Shifted along dims; what falls off one end comes in at the other."""
    if dims is None or dims == ():
        (shift,) = (shifts,) if isinstance(shifts, int) else shifts
        return reshape(_rolled(flatten(input), shift, 0), *shape_of(input))
    steps, places = ((v,) if isinstance(v, int) else tuple(v) for v in (shifts, dims))
    if len(steps) != len(places):
        raise blame(
            RuntimeError(
                f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(places)}"
            )
        )
    for shift, dim in zip(steps, places, strict=True):
        input = _rolled(input, shift, dim)
    return input


def _rolled(input: Tensor, shift: int, dim: int) -> Tensor:
    size = shape_of(input)[normalize_dim(dim, input.ndim)]
    cut = -shift % size if size else 0
    return cat([narrow(input, dim, cut, size - cut), narrow(input, dim, 0, cut)], dim)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """As `repeat`, with 1 for counts that are missing in front."""
    counts = tuple(listed(dims))
    return repeat(input, *(1,) * (input.ndim - len(counts)), *counts)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle."""
    return apply(sl.Tril(diagonal), read(input))


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle."""
    return apply(sl.Triu(diagonal), read(input))


concat = concatenate = cat
