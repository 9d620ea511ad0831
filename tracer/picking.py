"""Functions that pick and place elements by index tensors."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import bool_, int32, int64
from ..ir.errors import DimError
from ..ir.op import Op
from ..ir.ops import indexing as ix
from ..ir.types import broadcast, normalize_dim
from ..ir.values import Value
from .arithmetic import mul
from .eager import builder, emit
from .index_plan import from_front
from .labelled import labelled, relabelled
from .location import blame
from .numpy_names import numpy_names
from .promotion import operand_value
from .reading import array_of, read
from .reshaping import expand, reshape
from .subscript import getitem
from .tensor import Tensor, apply, wrap
from .var import Var


def _within(name: str, op: Op, *operands: Value) -> Var:
    """An op's result; an index out of bounds is an error of the function that the user called."""
    try:
        return emit(op, *operands)
    except DimError as error:
        text = str(error).removeprefix(f"{op.name}: ")
        raise DimError(f"{name}(): {text}") from None


@numpy_names
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices along a dim, picked by a vector of indices."""
    return labelled(_taken(input, dim, index), "IndexSelectBackward0")


def _taken(input: Tensor, dim: int, index: Tensor) -> Value:
    place, b = normalize_dim(dim, input.ndim), builder()
    if index.ndim > 1:
        raise blame(
            IndexError(
                "index_select(): Index is supposed to be a vector, but it has shape "
                f"{list(index.shape)}"
            )
        )
    value, where = read(input), b.reshape_to(read(index), (index.numel(),))
    if value.type.rank == 0:
        row = _within("index_select", ix.Take(0), b.reshape(value, shape=(1,)), where)
        return b.reshape(row, shape=())
    return _within("index_select", ix.Take(place), value, where)


def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements picked by their number in the flattened tensor."""
    size = input.numel()
    flat = builder().reshape(read(input), shape=(size,))
    found = _within("take", ix.Take(0), flat, read(from_front(index, size)))
    return labelled(found, "TakeBackward0")


@numpy_names
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """result[i][j] = input[index[i][j]][j] for dim 0."""
    place = normalize_dim(dim, input.ndim)
    _check_index("gather", index)
    if input.ndim or index.ndim > 1:
        return wrap(_within("gather", ix.Gather(place), read(input), read(index)))
    rows = [builder().reshape_to(read(x), (1,)) for x in (input, index)]
    picked = _within("gather", ix.Gather(0), *rows)
    return labelled(builder().reshape_to(picked, index.shape), "GatherBackward0")


def _check_index(name: str, index: Tensor) -> None:
    if index.dtype not in (int64, int32):
        raise blame(
            RuntimeError(f"{name}(): Expected dtype int32/int64 for index, but got {index.dtype}")
        )


@numpy_names
def scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """`input` with result[index[i][j]][j] = src[i][j] for dim 0."""
    return _scattered(input, dim, index, src, False)


@numpy_names
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with src added at the places that index names."""
    return _scattered(input, dim, index, src, True)


def _scattered(input: Tensor, dim: int, index: Tensor, src: Any, accumulate: bool) -> Tensor:
    _check_index("scatter", index)
    if isinstance(src, Tensor) and src.dtype is not input.dtype:
        raise blame(
            RuntimeError(
                "scatter(): Expected self.dtype to be equal to src.dtype, but they are "
                f"{input.dtype} and {src.dtype}"
            )
        )
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
        _within("scatter_add" if accumulate else "scatter", op, read(input), place, source),
        "ScatterAddBackward0"
        if accumulate
        else f"ScatterBackward{0 if isinstance(src, Tensor) else 1}",
    )


@numpy_names
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """`input` with slices of a source added at the places that index names."""
    scaled = source if alpha == 1 else mul(source, alpha)
    value = builder().cast_to(read(scaled), source.dtype)
    op = ix.Put(normalize_dim(dim, input.ndim), accumulate=True)
    return labelled(_within("index_add", op, read(input), read(index), value), "IndexAddBackward0")


@numpy_names
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`input` with slices replaced by those of a source."""
    op = ix.Put(normalize_dim(dim, input.ndim))
    return labelled(
        _within("index_copy", op, read(input), read(index), read(source)), "IndexCopyBackward0"
    )


@numpy_names
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`input` with slices filled with one number."""
    op = ix.Put(normalize_dim(dim, input.ndim))
    target = ix.Take(op.dim).infer(read(input).type, read(index).type)
    fill = builder().expand(operand_value(value, input.dtype), shape=target.shape)
    return labelled(_within("index_fill", op, read(input), read(index), fill), "IndexFillBackward0")


@numpy_names
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with indices that broadcast; without a dim, in the flattened tensor."""
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    place = normalize_dim(dim, input.ndim)
    mine = [1 if d == place else s for d, s in enumerate(input.shape)]
    asked = [1 if d == place else s for d, s in enumerate(indices.shape)]
    shape = list(broadcast(tuple(mine), tuple(asked)))
    wide = [input.shape[d] if d == place else s for d, s in enumerate(shape)]
    picks = [indices.shape[d] if d == place else s for d, s in enumerate(shape)]
    return gather(expand(input, *wide), dim, expand(indices, *picks))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, as a vector."""
    if mask.dtype is not bool_:
        raise blame(
            RuntimeError(f"masked_select: expected BoolTensor for mask, but got {mask.dtype}")
        )
    shape = broadcast(tuple(input.shape), tuple(mask.shape))
    found = getitem(expand(input, *shape), expand(mask, *shape))
    return relabelled(found, "MaskedSelectBackward0")


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
    try:
        rows = emit(ix.Take(0), read(weight), read(indices))
    except DimError:
        raise blame(_no_such_row(indices, weight)) from None
    return labelled(rows, "EmbeddingBackward0")


def _no_such_row(indices: Tensor, weight: Tensor) -> IndexError:
    """Which index an embedding has no row for."""
    count, asked = weight.shape[0], array_of(indices, "embedding()")
    wrong = int(asked[(asked < 0) | (asked >= count)].flat[0])
    return IndexError(
        f"index out of range in self: an embedding of num_embeddings={count} has rows 0 to {count - 1}, but the input "
        f"asks for {wrong}"
    )
