"""`Tensor`: the user's handle on a value. What it holds is a `Var`; what can be done with it is in the other rooms.

A view knows its root and the view ops that lead to it (`reading.py`, `writing.py`). In eager mode both also share
memory, as NumPy views do.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..ir.dtypes import DType
from ..ir.op import Op
from ..ir.ops.creation import literal_of
from ..ir.ops.shaping import Detach
from ..ir.values import Value
from .changes import changed
from .consumed import Consumed
from .device import CPU, Device
from .eager import emit
from .errors import TraceError
from .location import blame
from .modes import modes
from .reading import anchor, array_of, read
from .size import Size
from .var import Array, Var, concrete
from .writing import replace_memory


class Tensor:
    """A multi-dimensional array that records how it was computed. Behaves as `torch.Tensor`."""

    __slots__ = ("__dict__", "__weakref__", "_base", "_grad", "_var")
    _var: Var
    _base: Tensor | None
    _path: tuple[Op, ...]
    _view: tuple[Var, Var]
    _tracked: bool
    _wants_grad: bool = False
    """A view that was made a leaf: it asks for gradients however often it is replayed."""
    _grad: Tensor | Consumed | None
    _watched: bool = False
    """Does a compiled program depend on what `.grad` is?"""
    _refresh: Callable[[], object] | None = None
    """Brings a tensor that mirrors something else up to date."""
    __array_priority__ = 1000

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Tensor: ...

    @property
    def shape(self) -> Size:
        return Size(read(self).type.shape)  # type: ignore[arg-type]

    @property
    def dtype(self) -> DType:
        return read(self).type.dtype

    @property
    def ndim(self) -> int:
        return len(read(self).type.shape)

    @property
    def device(self) -> Device:
        return CPU

    @property
    def is_cuda(self) -> bool:
        return False

    @property
    def requires_grad(self) -> bool:
        return read(self).needs_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        set_requires_grad(self, flag)

    @property
    def is_leaf(self) -> bool:
        return read(self).op is None

    @property
    def grad(self) -> Tensor | None:
        if modes.trace is not None:
            return modes.trace.grad_of(self)
        found = self._grad
        if isinstance(found, Consumed):
            raise blame(found.error())
        return found

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and value.shape != self.shape:
            raise RuntimeError(
                f"assigned grad has data of a different size: {list(value.shape)}, not {list(self.shape)}"
            )
        if modes.trace is None:
            put_grad(self, value)
        else:
            modes.trace.set_grad(self, value)

    @property
    def data(self) -> Tensor:
        """The same memory without gradient history."""
        return view(self, Detach())

    @data.setter
    def data(self, value: Tensor) -> None:
        replace_memory(self, value)

    @property
    def _version(self) -> int:
        return read(self).storage.version

    def __hash__(self) -> int:
        return id(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        var = read(self)
        if var.op is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user support the deepcopy protocol at the moment; "
                "detach() first"
            )
        new = self._remade(array_of(self, "deepcopy").copy(), var.needs_grad)
        memo[id(self)] = new
        new.__dict__.update(
            {k: copy.deepcopy(v, memo) for k, v in self.__dict__.items() if k not in new.__dict__}
        )
        return new

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (_rebuild, (type(self), array_of(self, "pickle"), self.requires_grad))

    @classmethod
    def _remake(cls, array: Array, requires_grad: bool) -> Tensor:
        new = wrap(concrete(array), cls)
        set_requires_grad(new, requires_grad)
        return new

    def _remade(self, array: Array, requires_grad: bool) -> Tensor:
        return type(self)._remake(array, requires_grad)


def put_grad(tensor: Tensor, grad: Tensor | Consumed | None) -> None:
    """Let `.grad` be this, outside any trace."""
    if tensor._watched and tensor._grad is not grad:
        changed()
    tensor._grad = grad


def _rebuild(cls: type[Tensor], array: Array, requires_grad: bool) -> Tensor:
    return cls._remake(array, requires_grad)


def wrap(var: Var, cls: type[Tensor] = Tensor) -> Tensor:
    """A Tensor for a Var."""
    tensor = cls.__new__(cls)
    tensor._var = var
    tensor._base = None
    tensor._grad = None
    return tensor


def become(tensor: Tensor, other: Tensor) -> None:
    """Make a new handle of another one's kind: all that it holds is taken over."""
    tensor._var, tensor._base, tensor._grad = other._var, other._base, other._grad
    tensor.__dict__.update(other.__dict__)


def apply(op: Op, *operands: Value) -> Tensor:
    """Do an op on values."""
    return wrap(emit(op, *operands))


def view(tensor: Tensor, op: Op) -> Tensor:
    """A view op's result: a view where memory is shared, an ordinary tensor where the op had to copy."""
    operand = read(tensor)
    result = wrap(emit(op, operand))
    if result._var.storage is operand.storage:
        base = anchor(tensor)
        result._base = base
        result._path = (op,) if base is tensor else (*tensor._path, op)
        result._tracked = modes.grad and (base is tensor or tensor._tracked)
        result._view = (read(base), result._var)
    return result


def set_requires_grad(tensor: Tensor, flag: bool = True) -> Tensor:
    """Make a leaf ask for gradients, or stop asking."""
    var = read(tensor)
    if flag and not var.type.dtype.is_floating_point:
        raise RuntimeError(
            f"only Tensors of floating point dtype can require gradients, and this one is {var.type.dtype}"
        )
    if var.op is not None and not flag:
        raise RuntimeError(
            "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
            "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
        )
    if var.op is None:
        if flag is not var.needs_grad:
            changed()
        tensor._wants_grad = flag and tensor._base is not None
        var.needs_grad = flag
        var.leaf = weakref.ref(tensor) if flag else None
    return tensor


def eager_tensor(array: Array) -> Tensor:
    """A tensor that holds an array, whatever is going on."""
    return wrap(concrete(array))


def from_array(array: Array) -> Tensor:
    """A tensor for an array: holding it, or, in a trace, the constant it is."""
    if modes.trace is None:
        return wrap(concrete(array))
    return wrap(literal(array))


LITERAL_LIMIT = 4096


def literal(array: Array) -> Var:
    """An array as a constant of the trace."""
    if array.size > LITERAL_LIMIT:
        raise blame(
            TraceError(
                f"a tensor of {array.size} elements is made from data inside the traced function, which would write "
                f"them all into the program (at most {LITERAL_LIMIT} may be); make it outside, where it becomes state"
            )
        )
    var = concrete(array)
    return emit(literal_of(array, var.type))
