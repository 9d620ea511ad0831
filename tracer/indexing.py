"""`x[...]`, reading and assigning, and functions that pick by index tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ir.dtypes import bool_, int64
from ..ir.ops import indexing as ix
from ..ir.types import normalize_dim
from ..ir.values import Const, Value
from .creation import as_tensor
from .eager import builder, emit
from .location import blame
from .modes import modes
from .pointwise import labelled
from .promotion import is_number, operand_value
from .shaping import permute, select, sliced, unsqueeze
from .tensor import Tensor, apply, array_of, from_array, read, write
from .var import Var


def getitem(input: Tensor, key: Any) -> Tensor:
    """`input[key]`."""
    basic, advanced = _basic(input, _as_tuple(key))
    return _pick(basic, advanced) if advanced else basic


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """`input[key] = value`."""
    basic, advanced = _basic(input, _as_tuple(key))
    if not advanced:
        write(basic, _fitted(basic, value))
        return
    mask = advanced.get(0)
    if (
        len(advanced) == 1
        and mask is not None
        and mask.dtype is bool_
        and (is_number(value) or value.ndim == 0)
    ):
        _fill_where(basic, mask, value)
    else:
        _place(basic, advanced, value)


def _as_tuple(key: Any) -> tuple[Any, ...]:
    if isinstance(key, tuple):
        return key
    if isinstance(key, list) and any(
        isinstance(k, (slice, type(None), type(Ellipsis))) for k in key
    ):
        return tuple(key)
    return (key,)


def _fitted(target: Tensor, value: Any) -> Var:
    """A value cast and broadcast to a target."""
    found = operand_value(value if is_number(value) else as_tensor(value), target.dtype)
    shape = read(target).type.shape
    while found.type.rank > len(shape) and found.type.shape[0] == 1:
        found = builder().reshape(found, shape=found.type.shape[1:])
    made = builder().expand(found, shape=shape)
    assert isinstance(made, Var)
    return made


def _consumed(item: Any) -> int:
    """How many dimensions an index item stands for."""
    if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
        return 0
    if isinstance(item, Tensor) and item.dtype is bool_:
        return item.ndim
    return 1


def _basic(input: Tensor, key: tuple[Any, ...]) -> tuple[Tensor, dict[int, Tensor]]:
    """Integers, slices, None and Ellipsis as views; what is left are index tensors by dimension."""
    items = [_normalized(k) for k in key]
    given = sum(map(_consumed, items))
    if given > input.ndim:
        raise blame(
            IndexError(f"too many indices for tensor of dimension {input.ndim}: {given} are given")
        )
    dots = [i for i, k in enumerate(items) if k is Ellipsis]
    fill: list[Any] = [slice(None)] * (input.ndim - given)
    at = dots[0] if dots else len(items)
    items = items[:at] + fill + [k for k in items[at:] if k is not Ellipsis]
    return _walk(input, items)


def _normalized(item: Any) -> Any:
    if isinstance(item, (list, range, np.ndarray)):
        return as_tensor(np.asarray(item) if len(item) else np.zeros(0, np.int64))
    if (
        isinstance(item, Tensor)
        and item.ndim == 0
        and item.dtype.is_integer
        and modes.trace is None
    ):
        return int(array_of(item, "an index"))
    if not isinstance(item, (int, slice, Tensor, np.integer, type(None), type(Ellipsis))):
        raise blame(
            TypeError(
                f"a tensor is indexed by integers, slices, None, ..., or tensors, not by {type(item).__name__}"
            )
        )
    return item


def _walk(tensor: Tensor, items: list[Any]) -> tuple[Tensor, dict[int, Tensor]]:
    advanced: dict[int, Tensor] = {}
    dim = 0
    for item in items:
        if item is None or isinstance(item, (bool, np.bool_)):
            tensor = unsqueeze(tensor, dim)
            dim += 1
        elif isinstance(item, slice):
            if item != slice(None):
                tensor = sliced(tensor, dim, _plain_slice(item))
            dim += 1
        elif isinstance(item, Tensor):
            advanced[dim] = item
            dim += item.ndim if item.dtype is bool_ else 1
        else:
            tensor = select(tensor, dim, int(item))
    return tensor, advanced


def _plain_slice(window: slice) -> slice:
    """A slice whose ends may be 0-dim tensors."""
    ends = [
        int(e) if isinstance(e, Tensor) else e for e in (window.start, window.stop, window.step)
    ]
    return slice(*ends)


# ---- index tensors


def _integers(input: Tensor, advanced: dict[int, Tensor]) -> dict[int, Tensor]:
    """Masks as the integer indices of their true places; negative indices counted from the front."""
    found: dict[int, Tensor] = {}
    for dim, index in advanced.items():
        if index.dtype is bool_:
            _check_mask(input, dim, index)
            for offset, places in enumerate(np.nonzero(array_of(index, "indexing by a mask"))):
                found[dim + offset] = from_array(places)
        elif index.dtype.is_integer:
            found[dim] = _from_front(index, input.shape[dim])
        else:
            raise blame(
                IndexError(
                    f"tensors used as indices must be long, int, byte or bool tensors, not {index.dtype}"
                )
            )
    return found


def _check_mask(input: Tensor, dim: int, mask: Tensor) -> None:
    part = input.shape[dim : dim + mask.ndim]
    if tuple(part) != tuple(mask.shape):
        raise blame(
            IndexError(
                f"The shape of the mask {list(mask.shape)} at index {dim} does not match the shape of the indexed "
                f"tensor {list(input.shape)}"
            )
        )


def _from_front(index: Tensor, size: int) -> Tensor:
    array = read(index).array
    if array is not None and (array.size == 0 or array.min() >= 0):
        return index
    b, value = builder(), read(index)
    return labelled(b.where(b.lt(value, 0), b.add(value, size), value), None)


class _Plan:
    """How to pick by index tensors with one `take`: indexed dims first, merged into one; where the result's go."""

    def __init__(self, input: Tensor, advanced: dict[int, Tensor]) -> None:
        indices = _integers(input, advanced)
        self.dims = sorted(indices)
        rest = [d for d in range(input.ndim) if d not in indices]
        together = self.dims == list(range(self.dims[0], self.dims[-1] + 1))
        self.at = self.dims[0] if together else 0
        """Where the picked dimensions go: in place of adjacent ones, else to the front."""
        self.order = [*rest[: self.at], *self.dims, *rest[self.at :]]
        shape = [input.shape[d] for d in self.order]
        self.sizes = [input.shape[d] for d in self.dims]
        count = len(self.dims)
        self.merged = (*shape[: self.at], math.prod(self.sizes), *shape[self.at + count :])
        self.permuted = tuple(shape)
        self.index = self.linear([indices[d] for d in self.dims])

    def linear(self, indices: list[Tensor]) -> Value:
        """One index into the merged dimension."""
        b = builder()
        values = [operand_value(i, int64) for i in indices]
        if len(values) == 1:
            return values[0]
        total: Value = Const(0, int64)
        for dim, value, size in zip(self.dims, values, self.sizes, strict=True):
            total = b.add(b.mul(total, size), checked(value, size, dim))
        return total

    def arranged(self, input: Tensor) -> Value:
        moved = input if self.order == sorted(self.order) else permute(input, *self.order)
        return builder().reshape_to(read(moved), self.merged)


def checked(value: Value, size: int, dim: int) -> Value:
    """Refuse an index out of bounds now: in a merged dimension it would point at another element."""
    array = getattr(value, "array", None)
    if array is not None:
        try:
            ix.check_bounds("index", array, size, dim)
        except IndexError as error:
            raise blame(error) from None
    return value


def _pick(input: Tensor, advanced: dict[int, Tensor]) -> Tensor:
    plan = _Plan(input, advanced)
    return labelled(emit(ix.Take(plan.at), plan.arranged(input), plan.index), "IndexBackward0")


def _place(
    input: Tensor, advanced: dict[int, Tensor], value: Any, accumulate: bool = False
) -> None:
    """Write through index tensors: put into the arranged tensor, and arrange back."""
    plan, b = _Plan(input, advanced), builder()
    base = plan.arranged(input)
    shape = ix.Take(plan.at).infer(base.type, plan.index.type).shape
    source = operand_value(value if is_number(value) else as_tensor(value), input.dtype)
    new = b.put(base, plan.index, b.expand(source, shape=shape), dim=plan.at, accumulate=accumulate)
    unmerged = b.reshape_to(new, plan.permuted)
    back = tuple(plan.order.index(d) for d in range(len(plan.order)))
    final = unmerged if back == tuple(range(len(back))) else b.permute(unmerged, dims=back)
    assert isinstance(final, Var)
    write(input, final)


def _fill_where(input: Tensor, mask: Tensor, value: Any) -> None:
    _check_mask(input, 0, mask)
    b = builder()
    full = (*mask.shape, *(1,) * (input.ndim - mask.ndim))
    condition = b.reshape_to(read(mask), full)
    made = b.where(condition, operand_value(value, input.dtype), read(input))
    assert isinstance(made, Var)
    write(input, made)


# ---- functions


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices along a dim, picked by a vector of indices."""
    return apply(ix.Take(normalize_dim(dim, input.ndim)), read(input), read(index))


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """result[i][j] = input[index[i][j]][j] for dim 0."""
    return apply(ix.Gather(normalize_dim(dim, input.ndim)), read(input), read(index))


def scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """`input` with result[index[i][j]][j] = src[i][j] for dim 0."""
    return _scattered(input, dim, index, src, False)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with src added at the places that index names."""
    return _scattered(input, dim, index, src, True)


def _scattered(input: Tensor, dim: int, index: Tensor, src: Any, accumulate: bool) -> Tensor:
    b, place = builder(), read(index)
    source = operand_value(src, input.dtype)
    if source.type.rank == 0:
        source = b.expand(source, shape=place.type.shape)
    for d, (have, asked) in enumerate(
        zip(source.type.static_shape, place.type.static_shape, strict=False)
    ):
        if have > asked:
            source = b.slice(source, dim=d, start=0, stop=asked)
    op = ix.Scatter(normalize_dim(dim, input.ndim), accumulate)
    return labelled(
        emit(op, read(input), place, source),
        "ScatterAddBackward0" if accumulate else "ScatterBackward0",
    )


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """`input` with slices of a source added at the places that index names."""
    scaled = read(source) if alpha == 1 else builder().mul(read(source), alpha)
    op = ix.Put(normalize_dim(dim, input.ndim), accumulate=True)
    return apply(op, read(input), read(index), scaled)


def take_along_dim(input: Tensor, indices: Tensor, dim: int) -> Tensor:
    return gather(input, dim, indices)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, as a vector."""
    return getitem(input, mask)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the non-zero elements."""
    places = np.nonzero(array_of(input, "nonzero()"))
    if as_tuple:
        return tuple(from_array(p) for p in places)
    return from_array(
        np.stack(places, 1) if places else np.zeros((int(input.item() != 0), 0), np.int64)
    )


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the place that each element names along a new last dimension."""
    classes = num_classes
    array = read(tensor).array
    if classes == -1:
        classes = int(array_of(tensor, "one_hot() without num_classes").max(initial=-1)) + 1
    if array is not None and array.size and not 0 <= array.min() <= array.max() < classes:
        raise blame(
            RuntimeError(
                f"Class values must be in 0..{classes - 1}, but they run from {array.min()} to {array.max()}"
            )
        )
    return apply(ix.OneHot(classes), read(tensor))


def embedding(indices: Tensor, weight: Tensor) -> Tensor:
    """Rows of the weight, picked by an index tensor of any shape."""
    return labelled(emit(ix.Take(0), read(weight), read(indices)), "EmbeddingBackward0")
