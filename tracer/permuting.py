"""The same elements with their dimensions in another order."""

from __future__ import annotations

from typing import Any

from ..ir.ops import shaping as sh
from ..ir.types import normalize_dim
from .location import blame
from .reshaping import listed, viewed
from .tensor import Tensor


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    rank = input.ndim
    order = tuple(normalize_dim(d, rank) for d in listed(dims))
    if len(order) != rank:
        raise blame(
            RuntimeError(
                f"permute: the number of dimensions in the tensor input does not match the length of the desired "
                f"ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(order)}"
            )
        )
    return viewed(input, sh.Permute(order), "PermuteBackward0")


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    return _swapped(input, dim0, dim1, "TransposeBackward0")


def _swapped(input: Tensor, dim0: int, dim1: int, label: str) -> Tensor:
    order = list(range(input.ndim))
    a, b = normalize_dim(dim0, len(order)), normalize_dim(dim1, len(order))
    if order:
        order[a], order[b] = order[b], order[a]
    return viewed(input, sh.Permute(tuple(order)), label)


def t(input: Tensor) -> Tensor:
    """A matrix transposed."""
    if input.ndim > 2:
        raise blame(
            RuntimeError(
                f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use transpose(-1, -2)"
            )
        )
    order = tuple(reversed(range(input.ndim)))
    return viewed(input, sh.Permute(order), "TBackward0")


def reversed_dims(input: Tensor) -> Tensor:
    """`x.T`."""
    if input.ndim == 2:
        return viewed(input, sh.Permute((1, 0)), "PermuteBackward0")
    return permute(input, *reversed(range(input.ndim)))


def matrix_transpose(input: Tensor) -> Tensor:
    """`x.mT`."""
    return transpose(input, -2, -1)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Some dimensions moved to other places; the rest stay in order."""
    sources, targets = _places(source, input.ndim), _places(destination, input.ndim)
    if len(sources) != len(targets):
        raise blame(
            RuntimeError(
                f"movedim: Invalid source or destination dims: source ({sources} dims) should contain "
                f"the same number of dims as destination ({targets} dims)"
            )
        )
    order = [d for d in range(input.ndim) if d not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return permute(input, *order)


def _places(dims: Any, rank: int) -> list[int]:
    return [normalize_dim(d, rank) for d in ((dims,) if isinstance(dims, int) else dims)]


swapaxes, swapdims, moveaxis = transpose, transpose, movedim
