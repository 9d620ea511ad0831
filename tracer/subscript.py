"""`x[...]`, reading and assigning."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.dtypes import bool_, uint8
from ..ir.ops import indexing as ix
from ..ir.ops import shaping as sh
from ..ir.ops.logic import Where
from ..ir.values import Const
from .choice import cast
from .creation import as_tensor
from .eager import builder, emit
from .index_plan import Plan, check_mask
from .labelled import labelled
from .location import blame
from .modes import modes
from .promotion import is_number, operand_value
from .reading import array_of, read
from .reshaping import shape_of, unsqueeze, viewed
from .slicing import select, sliced
from .tensor import Tensor, from_array
from .var import Var
from .writing import write


def getitem(input: Tensor, key: Any) -> Tensor:
    """`input[key]`."""
    basic, advanced = _basic(input, _as_tuple(key))
    return _pick(basic, advanced) if advanced else basic


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """`input[key] = value`."""
    basic, advanced = _basic(input, _as_tuple(key))
    if not advanced:
        write(basic, replacing(basic, fitted(basic, value), "CopyBackwards"))
        return
    ((dim, index), *others) = advanced.items()
    if not others and index.dtype is bool_ and _is_single(value):
        _fill_where(basic, dim, index, value)
    else:
        place(basic, advanced, value)


def _is_single(value: Any) -> bool:
    return is_number(value) or (isinstance(value, Tensor) and value.numel() == 1)


def _as_tuple(key: Any) -> tuple[Any, ...]:
    if isinstance(key, tuple):
        return key
    if isinstance(key, list) and any(
        isinstance(k, (slice, type(None), type(Ellipsis))) for k in key
    ):
        return tuple(key)
    return (key,)


def fitted(target: Tensor, value: Any) -> Var:
    """A value cast and broadcast to a target."""
    found = operand_value(value if is_number(value) else as_tensor(value), target.dtype)
    shape = read(target).type.shape
    while found.type.rank > len(shape) and found.type.shape[0] == 1:
        found = builder().reshape(found, shape=found.type.shape[1:])
    made = builder().expand(found, shape=shape)
    assert isinstance(made, Var)
    return made


def replacing(target: Tensor, new: Var, label: str) -> Var:
    """A value that takes a target's place, with a zero gradient for the value that was there before."""
    old = read(target)
    if not (modes.grad and old.needs_grad):
        return new
    made = emit(Where(), Const(True, bool_), new, old)
    made.label = label
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
    if given and not input.ndim:
        raise blame(
            IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert it to a number"
            )
        )
    if given > input.ndim:
        raise blame(
            IndexError(f"too many indices for tensor of dimension {input.ndim}: {given} are given")
        )
    dots = [i for i, k in enumerate(items) if k is Ellipsis]
    fill: list[Any] = [slice(None)] * (input.ndim - given)
    at = dots[0] if dots else len(items)
    items = items[:at] + fill + [k for k in items[at:] if k is not Ellipsis]
    label = "SliceBackward0" if any(isinstance(k, slice) for k in key) else "AliasBackward0"
    return _walk(input, items, label)


def _normalized(item: Any) -> Any:
    """An index item as an int, a bool, a slice, None, Ellipsis or a tensor with dimensions."""
    if isinstance(item, (list, range, np.ndarray)):
        item = as_tensor(np.asarray(item) if len(item) else np.zeros(0, np.int64))
    if isinstance(item, Tensor):
        return _normalized_tensor(item)
    if isinstance(item, (bool, np.bool_)):
        return bool(item)
    if isinstance(item, (str, bytes)):
        raise blame(TypeError(f"invalid data type {type(item).__name__!r} for an index: {item!r}"))
    if not isinstance(item, (int, slice, np.integer, type(None), type(Ellipsis))):
        raise blame(
            IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte tensors are "
                f"valid indices (got {type(item).__name__} {item!r})"
            )
        )
    return item


def _normalized_tensor(item: Tensor) -> Any:
    if item.dtype is uint8:
        item = cast(item, bool_)  # bytes are masks
    if item.ndim == 0 and item.dtype is bool_:
        return bool(array_of(item, "indexing by a mask"))
    if item.ndim == 0 and item.dtype.is_integer and modes.trace is None:
        return int(array_of(item, "an index"))
    return item


class _Walk:
    """Index items done one after the other: views for the basic ones, index tensors kept for later."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.advanced: dict[int, Tensor] = {}
        self.dim = 0
        """The dimension of the view that the next item is about."""
        self.origin = 0
        """The same dimension's number in the tensor that is indexed, to name it in errors."""

    def step(self, item: Any) -> None:
        if item is None or isinstance(item, bool):
            self.insert(item)
        elif isinstance(item, slice):
            if item != slice(None):
                self.tensor = sliced(self.tensor, self.dim, _plain_slice(item))
            self.move(1, 1)
        elif isinstance(item, Tensor):
            self.advanced[self.dim] = item
            span = item.ndim if item.dtype is bool_ else 1
            self.move(span, span)
        else:
            self.tensor = select(self.tensor, self.dim, int(item), shown=self.origin)
            self.move(0, 1)

    def insert(self, item: bool | None) -> None:
        """A new dimension; True and False are then a mask of its only element."""
        self.tensor = unsqueeze(self.tensor, self.dim)
        if item is not None:
            self.advanced[self.dim] = from_array(np.array([item]))
        self.move(1, 0)

    def move(self, dims: int, origins: int) -> None:
        self.dim += dims
        self.origin += origins


def _walk(input: Tensor, items: list[Any], label: str) -> tuple[Tensor, dict[int, Tensor]]:
    walk = _Walk(input)
    for item in items:
        walk.step(item)
    if walk.tensor is input and not walk.advanced:
        return viewed(input, sh.Reshape(shape_of(input)), label), {}
    return walk.tensor, walk.advanced


def _plain_slice(window: slice) -> slice:
    """A slice whose ends may be 0-dim tensors."""
    ends = [
        int(e) if isinstance(e, Tensor) else e for e in (window.start, window.stop, window.step)
    ]
    return slice(*ends)


def _pick(input: Tensor, advanced: dict[int, Tensor]) -> Tensor:
    plan = Plan(input, advanced)
    return labelled(emit(ix.Take(plan.at), plan.arranged(input), plan.index), "IndexBackward0")


def place(input: Tensor, advanced: dict[int, Tensor], value: Any, accumulate: bool = False) -> None:
    """Write through index tensors: put into the arranged tensor, and arrange back."""
    plan, b = Plan(input, advanced), builder()
    base = plan.arranged(input)
    shape = ix.Take(plan.at).infer(base.type, plan.index.type).shape
    source = operand_value(value, input.dtype) if is_number(value) else read(_alike(input, value))
    new = b.put(base, plan.index, b.expand(source, shape=shape), dim=plan.at, accumulate=accumulate)
    unmerged = b.reshape_to(new, plan.permuted)
    back = tuple(plan.order.index(d) for d in range(len(plan.order)))
    final = unmerged if back == tuple(range(len(back))) else b.permute(unmerged, dims=back)
    assert isinstance(final, Var)
    write(input, final)


def _alike(input: Tensor, value: Any) -> Tensor:
    """A value to put, which must have the target's dtype."""
    given = as_tensor(value)
    if given.dtype is not input.dtype:
        raise blame(
            RuntimeError(
                "Index put requires the source and destination dtypes match, got "
                f"{input.dtype} for the destination and {given.dtype} for the source; cast with .to()"
            )
        )
    return given


def _fill_where(input: Tensor, dim: int, mask: Tensor, value: Any) -> None:
    """One number wherever a mask of some dimensions is true."""
    check_mask(input, dim, mask)
    b, fill = builder(), operand_value(value, input.dtype)
    full = (*(1,) * dim, *mask.shape, *(1,) * (input.ndim - dim - mask.ndim))
    condition = b.reshape_to(read(mask), full)
    made = b.where(condition, b.reshape_to(fill, ()), read(input))
    write(input, read(labelled(made, "IndexPutBackward0")))
