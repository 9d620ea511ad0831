"""Gives `Tensor` its methods and operators: the functions of the other rooms, under the names users call them by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import (
    autograd,
    conversion,
    indexing,
    inplace,
    pointwise,
    products,
    random,
    redrawing,
    reduction,
    shaping,
)
from .creation import as_tensor, asked_sizes, full, initialize, tensor
from .labels import node_name
from .promotion import is_number, result_type
from .reading import array_of, read
from .tensor import Tensor, set_requires_grad
from .var import Var

FROM = {
    pointwise: (
        "abs absolute add addcdiv addcmul allclose bitwise_and bitwise_not bitwise_or "
        "bitwise_xor ceil clamp clamp_max clamp_min clip cos div divide eq equal erf exp "
        "expm1 floor floor_divide fmod ge greater greater_equal gt isclose isfinite isinf isnan le "
        "lerp less less_equal log log10 log1p log2 logical_and logical_not logical_or "
        "logical_xor lt masked_fill maximum minimum mul multiply ne neg negative not_equal "
        "positive pow reciprocal relu remainder round rsqrt sigmoid sign sin sqrt square sub "
        "subtract tan tanh true_divide trunc"
    ),
    reduction: (
        "all amax amin any argmax argmin argsort count_nonzero cumprod cumsum log_softmax logsumexp "
        "max mean median min norm prod softmax sort std sum topk var"
    ),
    shaping: (
        "broadcast_to chunk clone detach diag diagonal expand expand_as flatten flip moveaxis "
        "movedim narrow permute repeat repeat_interleave reshape roll select split squeeze "
        "swapaxes swapdims t tile transpose tril triu unbind unflatten unsqueeze"
    ),
    indexing: (
        "bincount gather index_add index_copy index_fill index_select masked_select nonzero scatter "
        "scatter_add take take_along_dim unique"
    ),
    products: "addmm addmv addr baddbmm bmm dot matmul mm mv outer",
    conversion: "cpu cuda item numpy to tolist type_as",
    inplace: "copy_ detach_ fill_ index_put_ zero_",
}


def _operator(function: Callable[..., Tensor], reverse: bool = False) -> Callable[..., Any]:
    """A binary operator; arrays count as tensors, and operands it does not know are left to their own class."""

    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            if not isinstance(other, np.ndarray):
                return NotImplemented
            self, other = _beside_array(function, self, other)
        return function(other, self) if reverse else function(self, other)

    return method


def _beside_array(function: Any, self: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    """An array as a tensor; for a matrix product, which does not promote, both in the dtype in which they meet."""
    array = as_tensor(other)
    if function is not products.matmul:
        return self, array
    dtype = result_type(self, array)
    return pointwise.cast(self, dtype), pointwise.cast(array, dtype)


BINARY = {
    "add": pointwise.add, "sub": pointwise.sub, "mul": pointwise.mul, "truediv": pointwise.div,
    "floordiv": pointwise.floor_divide, "mod": pointwise.remainder, "pow": pointwise.pow,
    "and": pointwise.bitwise_and, "or": pointwise.bitwise_or, "xor": pointwise.bitwise_xor,
    "matmul": products.matmul,
}  # fmt: skip
COMPARISONS = {
    "eq": pointwise.eq, "ne": pointwise.ne, "lt": pointwise.lt, "le": pointwise.le, "gt": pointwise.gt,
    "ge": pointwise.ge,
}  # fmt: skip


def _comparison(function: Callable[..., Tensor], otherwise: Any) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            other = as_tensor(other)
        elif not isinstance(other, Tensor) and not is_number(other):
            return otherwise
        return function(self, other)

    return method


def install() -> None:
    """Attach everything. Called once, when the package is imported."""
    for room, names in FROM.items():
        for name in names.split():
            setattr(Tensor, name, getattr(room, name))
    for name, function in {
        **inplace.BY_NAME,
        **conversion.CAST_METHODS,
        **random.METHODS,
        **redrawing.METHODS,
        **OWN,
    }.items():
        setattr(Tensor, name, function)
    for name, function in BINARY.items():
        setattr(Tensor, f"__{name}__", _operator(function))
        setattr(Tensor, f"__r{name}__", _operator(function, reverse=True))
        setattr(Tensor, f"__i{name}__", inplace.augmented(function))
    for name, function in COMPARISONS.items():
        otherwise = {"eq": False, "ne": True}.get(name, NotImplemented)
        setattr(Tensor, f"__{name}__", _comparison(function, otherwise))
    for name, prop in PROPERTIES.items():
        setattr(Tensor, name, prop)


def view_or_cast(self: Tensor, *shape: Any) -> Tensor:
    """`x.view(sizes)`; `x.view(dtype)` is not there."""
    return shaping.view_as_shape(self, *shape)


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the size of one dim."""
    return self.shape if dim is None else self.shape[dim]


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add d(self)/d(leaf) to the `.grad` of every leaf that requires it."""
    autograd.backward(self, gradient, retain_graph, create_graph)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this computed tensor in its `.grad`, too."""
    autograd.retain_grad(self)


def numel(self: Tensor) -> int:
    """How many elements there are."""
    return read(self).type.size


def stride(self: Tensor, dim: int | None = None) -> Any:
    """Elements to step over for the next one along each dim."""
    array = array_of(self, "stride()")
    steps = tuple(s // array.itemsize for s in array.strides)
    return steps if dim is None else steps[dim]


def is_contiguous(self: Tensor) -> bool:
    """Do the elements lie in row order without gaps?"""
    array = read(self).array
    return array is None or bool(array.flags.c_contiguous)


def contiguous(self: Tensor) -> Tensor:
    """The tensor itself if its elements lie in row order, else a copy in which they do."""
    return self if is_contiguous(self) else shaping.clone(self)


def data_ptr(self: Tensor) -> int:
    return int(array_of(self, "data_ptr()").ctypes.data)


def new_full(self: Tensor, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """A tensor of one number, of this one's dtype."""
    return full(size, fill_value, **{"dtype": self.dtype, **options})


def new_tensor(self: Tensor, data: Any, **options: Any) -> Tensor:
    """A tensor of some data, of this one's dtype."""
    return tensor(data, **{"dtype": self.dtype, **options})


def new_zeros(self: Tensor, *shape: Any, size: Any = None, **options: Any) -> Tensor:
    """Zeros of this tensor's dtype."""
    return new_full(self, asked_sizes("new_zeros", shape, size), 0, **options)


def new_ones(self: Tensor, *shape: Any, size: Any = None, **options: Any) -> Tensor:
    """Ones of this tensor's dtype."""
    return new_full(self, asked_sizes("new_ones", shape, size), 1, **options)


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    return shaping.reshape(self, *other.shape)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    return shaping.view_as_shape(self, *other.shape)


def dim(self: Tensor) -> int:
    return self.ndim


def element_size(self: Tensor) -> int:
    return self.dtype.itemsize


def is_floating_point(self: Tensor) -> bool:
    return self.dtype.is_floating_point


def contains(self: Tensor, value: Any) -> bool:
    return bool((self == value).any().item())


def grad_fn(self: Tensor) -> Any:
    """The graph node that made this tensor, or None for a leaf."""
    var = read(self)
    return None if var.op is None else GradFn(var)


class GradFn:
    """A node of the autograd graph, to look at."""

    def __init__(self, var: Var) -> None:
        self._var = var

    def name(self) -> str:
        return node_name(self._var)

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        return tuple(
            (GradFn(o) if isinstance(o, Var) and o.needs_grad else None, 0)
            for o in self._var.operands
        )

    def __repr__(self) -> str:
        return f"<{self.name()}>"


def _hash(self: Tensor) -> int:
    return id(self)


OWN: dict[str, Any] = {
    "__init__": initialize,
    "__abs__": pointwise.abs, "__neg__": pointwise.neg, "__pos__": pointwise.positive,
    "__invert__": pointwise.bitwise_not, "__bool__": conversion.as_bool, "__int__": conversion.as_int,
    "__float__": conversion.as_float, "__index__": conversion.as_index, "__len__": conversion.length,
    "__iter__": conversion.iterate, "__array__": conversion.as_array, "__repr__": conversion.text,
    "__format__": conversion.formatted, "__getitem__": indexing.getitem, "__setitem__": indexing.setitem,
    "__contains__": contains, "__hash__": _hash, "__round__": pointwise.round,
    "backward": backward, "requires_grad_": set_requires_grad, "retain_grad": retain_grad, "view": view_or_cast,
    "size": size, "dim": dim, "ndimension": dim, "numel": numel, "nelement": numel, "stride": stride,
    "is_contiguous": is_contiguous, "contiguous": contiguous, "data_ptr": data_ptr,
    "new_full": new_full, "new_tensor": new_tensor,
    "new_zeros": new_zeros, "new_empty": new_zeros, "new_ones": new_ones, "reshape_as": reshape_as,
    "view_as": view_as, "element_size": element_size, "is_floating_point": is_floating_point,
    "type": conversion.type_name,
    "where": lambda self, condition, other: pointwise.where(condition, self, other),
}  # fmt: skip
PROPERTIES = {
    "T": property(shaping.reversed_dims), "mT": property(shaping.matrix_transpose), "grad_fn": property(grad_fn),
    "itemsize": property(element_size), "nbytes": property(lambda self: numel(self) * element_size(self)),
}  # fmt: skip
