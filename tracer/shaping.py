"""Functions that move elements: views where PyTorch has views, copies where it copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.ops import shaping as sh
from ..ir.ops import slicing as sl
from ..ir.types import normalize_dim, normalize_dims
from .eager import builder, emit
from .location import blame
from .pointwise import labelled
from .promotion import operand_value, result_type
from .tensor import Tensor, apply, read, view, wrap
from .var import Var


def _viewed(input: Tensor, op: Any, label: str) -> Tensor:
    made = view(input, op)
    var = read(made)
    if var.op is not None:
        var.label = label
    return made


def _shape(input: Tensor) -> tuple[int, ...]:
    return read(input).type.static_shape


def _complete(input: Tensor, wanted: Sequence[int]) -> tuple[int, ...]:
    """A shape with its -1 worked out."""
    shape = tuple(int(s) for s in wanted)
    size = math.prod(_shape(input))
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
    return _viewed(input, sh.Reshape(_complete(input, _listed(shape))), "ViewBackward0")


def _listed(shape: Sequence[Any]) -> Sequence[int]:
    return shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


def view_as_shape(input: Tensor, *shape: Any) -> Tensor:
    """As `reshape`, but never a copy."""
    array = read(input).array
    made = reshape(input, *shape)
    if array is not None and array.size and not np.may_share_memory(array, read(made).array):  # type: ignore[arg-type]
        raise blame(
            RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous subspaces). Use .reshape(...) instead."
            )
        )
    return made


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim as one."""
    shape = _shape(input)
    start, end = normalize_dim(start_dim, len(shape)), normalize_dim(end_dim, len(shape))
    if start > end:
        raise blame(RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim"))
    if not shape:
        return reshape(input, 1)
    if start == end:
        return input
    return reshape(input, *shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def unflatten(input: Tensor, dim: int, shape: Sequence[int]) -> Tensor:
    """One dimension as several."""
    have = _shape(input)
    place = normalize_dim(dim, len(have))
    rest = math.prod(s for s in shape if s != -1)
    inner = [have[place] // rest if s == -1 else s for s in shape]
    return reshape(input, *have[:place], *inner, *have[place + 1 :])


def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without its size-1 dimensions, or without some of them."""
    shape = _shape(input)
    dims = normalize_dims(dim, len(shape))
    kept = tuple(s for i, s in enumerate(shape) if s != 1 or i not in dims)
    return _viewed(
        input, sh.Reshape(kept), "SqueezeBackward0" if dim is None else "SqueezeBackward1"
    )


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new size-1 dimension at `dim`."""
    shape = _shape(input)
    place = normalize_dim(dim, len(shape) + 1)
    return _viewed(input, sh.Reshape((*shape[:place], 1, *shape[place:])), "UnsqueezeBackward0")


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    rank = input.ndim
    order = tuple(normalize_dim(d, rank) for d in _listed(dims))
    if len(order) != rank:
        raise blame(
            RuntimeError(
                f"permute: the number of dimensions in the tensor input does not match the length of the desired "
                f"ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(order)}"
            )
        )
    return _viewed(input, sh.Permute(order), "PermuteBackward0")


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    return _swapped(input, dim0, dim1, "TransposeBackward0")


def _swapped(input: Tensor, dim0: int, dim1: int, label: str) -> Tensor:
    order = list(range(input.ndim))
    a, b = normalize_dim(dim0, len(order)), normalize_dim(dim1, len(order))
    if order:
        order[a], order[b] = order[b], order[a]
    return _viewed(input, sh.Permute(tuple(order)), label)


def t(input: Tensor) -> Tensor:
    """A matrix transposed."""
    if input.ndim > 2:
        raise blame(
            RuntimeError(
                f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use transpose(-1, -2)"
            )
        )
    return (
        _swapped(input, 0, 1, "TBackward0")
        if input.ndim == 2
        else view(input, sh.Permute(tuple(range(input.ndim))))
    )


def reversed_dims(input: Tensor) -> Tensor:
    """`x.T`."""
    if input.ndim == 2:
        return _viewed(input, sh.Permute((1, 0)), "PermuteBackward0")
    return permute(input, *reversed(range(input.ndim)))


def matrix_transpose(input: Tensor) -> Tensor:
    """`x.mT`."""
    return transpose(input, -2, -1)


def expand(input: Tensor, *size: Any) -> Tensor:
    """Size-1 dimensions stretched; -1 keeps a size."""
    shape, wanted = _shape(input), list(_listed(size))
    extra = len(wanted) - len(shape)
    full = tuple(shape[i - extra] if s == -1 and i >= extra else s for i, s in enumerate(wanted))
    return _viewed(input, sh.Expand(full), "ExpandBackward0")


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    return expand(input, *other.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Stretched to a shape."""
    return expand(input, *size)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements from `start` along a dim."""
    return _slice(input, normalize_dim(dim, input.ndim), start, start + length, 1, "SliceBackward0")


def _slice(input: Tensor, dim: int, start: int, stop: int, step: int, label: str) -> Tensor:
    return _viewed(input, sl.Slice(dim, start, stop, step), label)


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One slice along a dim, without that dim."""
    shape = _shape(input)
    if not shape:
        raise blame(
            IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert it to a number"
            )
        )
    place = normalize_dim(dim, len(shape))
    size = shape[place]
    if not -size <= index < size:
        raise blame(
            IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")
        )
    start = index % size
    one = view(input, sl.Slice(place, start, start + 1))
    return _viewed(one, sh.Reshape(shape[:place] + shape[place + 1 :]), "SelectBackward0")


def sliced(input: Tensor, dim: int, window: slice) -> Tensor:
    """`input[..., start:stop:step]` along a dim."""
    size = _shape(input)[dim]
    start, stop, step = window.indices(size)
    if step < 0 or (window.step is not None and int(window.step) <= 0):
        raise blame(ValueError("step must be greater than zero; use flip() to reverse a dimension"))
    return _slice(input, dim, start, max(start, stop), step, "SliceBackward0")


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along a dim."""
    if not input.ndim:
        raise blame(TypeError("iteration over a 0-d tensor"))
    place = normalize_dim(dim, input.ndim)
    return tuple(
        _relabelled(select(input, place, i), "UnbindBackward0") for i in range(input.shape[place])
    )


def _relabelled(tensor: Tensor, label: str) -> Tensor:
    var = read(tensor)
    if var.op is not None:
        var.label = label
    return tensor


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Pieces of a size (the last may be smaller), or of the sizes given."""
    place = normalize_dim(dim, tensor.ndim)
    size = _shape(tensor)[place]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0:
            raise blame(
                RuntimeError(f"split expects split_size be positive, but got split_size={step}")
            )
        sections = [min(step, size - i) for i in range(0, max(size, 1), step)]
    else:
        sections = list(split_size_or_sections)
        if sum(sections) != size:
            raise blame(
                RuntimeError(
                    f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                    f"{dim}), but got split_sizes={sections}"
                )
            )
    ends = np.cumsum([0, *sections]).tolist()
    return tuple(
        _slice(tensor, place, a, b, 1, "SplitBackward0")
        for a, b in zip(ends, ends[1:], strict=False)
    )


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size (the last may be smaller)."""
    if chunks <= 0:
        raise blame(RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}"))
    size = _shape(input)[normalize_dim(dim, input.ndim)]
    return split(input, max(-(-size // chunks), 1), dim)


# ---- copies


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Side by side along a dim."""
    parts = list(tensors)
    if not parts:
        raise blame(RuntimeError("cat(): expected a non-empty list of Tensors"))
    dtype = result_type(*parts)
    kept = [p for p in parts if tuple(p.shape) != (0,)] or parts[:1]
    if any(p.ndim == 0 for p in kept):
        raise blame(
            RuntimeError(
                "zero-dimensional tensor (at position 0) cannot be concatenated; use stack()"
            )
        )
    place = normalize_dim(dim, kept[0].ndim)
    return apply(sl.Cat(place), *(operand_value(p, dtype) for p in kept))


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
    return _relabelled(made, "StackBackward0")


def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order along some dims reversed."""
    return apply(sl.Flip(normalize_dims(tuple(_listed(dims)), input.ndim)), read(input))


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies of the tensor side by side."""
    counts = [int(r) for r in _listed(repeats)]
    shape = _shape(input)
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
    return _relabelled(clone(labelled(joined, None)), "RepeatBackward0")


def repeat_interleave(input: Tensor, repeats: int, dim: int | None = None) -> Tensor:
    """Each element several times in a row."""
    x = flatten(input) if dim is None else input
    place = normalize_dim(dim or 0, x.ndim)
    shape = _shape(x)
    wide = expand(unsqueeze(x, place + 1), *shape[: place + 1], repeats, *shape[place + 1 :])
    return clone(reshape(wide, *shape[:place], shape[place] * repeats, *shape[place + 1 :]))


def roll(input: Tensor, shifts: int, dims: int | None = None) -> Tensor:
    """Shifted along a dim; what falls off one end comes in at the other."""
    if dims is None:
        return reshape(roll(flatten(input), shifts, 0), *_shape(input))
    size = _shape(input)[normalize_dim(dims, input.ndim)]
    cut = (size - shifts) % size if size else 0
    return cat([narrow(input, dims, cut, size - cut), narrow(input, dims, 0, cut)], dims)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle."""
    return apply(sl.Tril(diagonal), read(input))


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle."""
    return apply(sl.Triu(diagonal), read(input))


def clone(input: Tensor) -> Tensor:
    """A copy that gradients flow through."""
    value = read(input)
    made = emit(sh.Expand(value.type.shape), value)
    made.label = "CloneBackward0"
    if made.array is not None:
        made = _copied(made)
    return wrap(made)


def _copied(var: Var) -> Var:
    """The same value in memory of its own."""
    assert var.array is not None
    own = Var(var.type, var.array.copy(), type(var.storage)())
    own.op, own.operands, own.needs_grad, own.label = (
        var.op,
        var.operands,
        var.needs_grad,
        var.label,
    )
    return own


def detach(input: Tensor) -> Tensor:
    """The same memory without gradient history."""
    return view(input, sh.Detach())
