"""`Tensor`: the user's handle on a value. What it holds is a `Var`; what can be done with it is in the other rooms.

A view knows its root and the view ops that lead to it. Writing through it rewrites the root; reading it after the root
was rewritten replays those ops. In eager mode both also share memory, as NumPy views do.
"""

from __future__ import annotations

import copy
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ir.dtypes import DType
from ..ir.errors import IRError
from ..ir.op import Op
from ..ir.ops.creation import literal_of
from ..ir.ops.shaping import Detach, Expand
from ..ir.values import Value
from .device import CPU, Device
from .eager import builder, emit
from .errors import TraceError
from .location import blame
from .modes import modes
from .size import Size
from .var import Array, Storage, Var, concrete, rewritten


class Tensor:
    """A multi-dimensional array that records how it was computed. Behaves as `torch.Tensor`."""

    _var: Var
    _base: Tensor | None
    _path: tuple[Op, ...]
    _view: tuple[Var, Var]
    _tracked: bool
    _grad: Tensor | None
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
        return self._grad if modes.trace is None else modes.trace.grad_of(self)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and value.shape != self.shape:
            raise RuntimeError(
                f"assigned grad has data of a different size: {list(value.shape)}, not {list(self.shape)}"
            )
        if modes.trace is None:
            self._grad = value
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
                "Only Tensors created explicitly by the user support the deepcopy protocol at the moment; detach() first"
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


def _rebuild(cls: type[Tensor], array: Array, requires_grad: bool) -> Tensor:
    return cls._remake(array, requires_grad)


def wrap(var: Var, cls: type[Tensor] = Tensor) -> Tensor:
    """A Tensor for a Var."""
    tensor = cls.__new__(cls)
    tensor._var = var
    tensor._base = None
    tensor._grad = None
    return tensor


def apply(op: Op, *operands: Value) -> Tensor:
    """Do an op on values."""
    return wrap(emit(op, *operands))


# ---- reading


def read(tensor: Tensor) -> Var:
    """The value that a tensor has now."""
    base = tensor._base
    if base is None:
        return tensor._var if modes.trace is None else modes.trace.read(tensor)
    root = read(base)
    seen, var = tensor._view
    if seen is not root:
        var = _replay(root, tensor)
        tensor._view = (root, var)
    return var


def _replay(root: Var, tensor: Tensor) -> Var:
    saved, modes.grad = modes.grad, tensor._tracked
    try:
        return _along(root, tensor._path)[-1]
    finally:
        modes.grad = saved


def _along(root: Var, path: tuple[Op, ...]) -> list[Var]:
    """The root, and the value after each view op."""
    values = [root]
    for op in path:
        values.append(emit(op, values[-1]))
    return values


def root_of(tensor: Tensor) -> Tensor:
    """The tensor that a view is a view of; any other tensor itself."""
    return tensor if tensor._base is None else tensor._base


def view(tensor: Tensor, op: Op) -> Tensor:
    """A view op's result: a view where memory is shared, an ordinary tensor where the op had to copy."""
    operand = read(tensor)
    result = wrap(emit(op, operand))
    if result._var.storage is operand.storage:
        base = root_of(tensor)
        result._base = base
        result._path = (op,) if tensor._base is None else (*tensor._path, op)
        result._tracked = modes.grad and (tensor._base is None or tensor._tracked)
        result._view = (read(base), result._var)
    return result


def array_of(tensor: Tensor, what: str) -> Array:
    """A tensor's values, for something that leaves the program (`what`); a trace has none."""
    var = read(tensor)
    if var.array is None:
        raise blame(
            TraceError(
                f"{what} needs the values of a tensor {var.type}, but the program is being traced and values exist only "
                "when it runs. Move this out of the traced function (return the tensor instead), or use tensor "
                "operations such as where() for a choice that depends on values"
            )
        )
    return var.array


# ---- writing


def write(tensor: Tensor, new: Var) -> Tensor:
    """Replace a tensor's value in place by a fresh Var of the same type."""
    old = read(tensor)
    if new.type is not old.type:
        raise blame(
            IRError(
                f"an in-place operation cannot turn {old.type} into {new.type}: shape and dtype must stay"
            )
        )
    through = tensor._base is not None and any(not op.differentiable for op in tensor._path)
    if modes.grad and not through:
        _check_leaf(tensor)
    if tensor._base is None:
        _set_root(tensor, new)
    else:
        _write_view(tensor, old, new, through)
    return tensor


def _check_leaf(tensor: Tensor) -> None:
    root = read(root_of(tensor))
    if root.needs_grad and root.op is None:
        kind = "a leaf Variable" if tensor._base is None else "a view of a leaf Variable"
        raise blame(
            RuntimeError(
                f"{kind} that requires grad is being used in an in-place operation; "
                "do it under no_grad(), or on a clone()"
            )
        )


def _set_root(tensor: Tensor, new: Var) -> None:
    old = read(tensor)
    _inherit(old, new)
    if old.array is not None:
        _overwrite(old, new)
        tensor._var = new
    else:
        assert modes.trace is not None
        modes.trace.write(tensor, new)


def _overwrite(old: Var, new: Var) -> None:
    """Put a new value into an old one's memory."""
    assert old.array is not None
    assert new.array is not None
    if not old.array.flags.writeable:
        raise blame(
            RuntimeError(
                "unsupported operation: the memory behind this tensor is read-only, or more than one of its elements "
                "refers to a single memory location; clone() the tensor before writing to it"
            )
        )
    np.copyto(old.array, new.array)
    old.storage.version += 1
    new.array, new.storage, new.version = old.array, old.storage, old.storage.version


def _inherit(old: Var, new: Var) -> None:
    """Written without recording: a leaf stays a leaf, and a computed value keeps its history."""
    if modes.grad or not old.needs_grad:
        return
    new.needs_grad, new.leaf = True, old.leaf
    if old.op is not None:
        new.op, new.operands = Expand(old.type.shape), (old,)


def _write_view(tensor: Tensor, old: Var, new: Var, through: bool) -> None:
    base = tensor._base
    assert base is not None
    root = read(base)
    saved, modes.grad = modes.grad, modes.grad and not through
    try:
        if root.array is None or (modes.grad and (root.needs_grad or new.needs_grad)):
            updated = _rooted(root, tensor._path, new)
        else:
            updated = rewritten(root)
        _inherit(root, updated)
        if root.array is not None:
            _overwrite(old, new)
            updated.array, updated.storage = root.array, root.storage
            updated.version = root.storage.version
            base._var = updated
        else:
            assert modes.trace is not None
            modes.trace.write(base, updated)
    finally:
        modes.grad = saved


def _rooted(root: Var, path: tuple[Op, ...], new: Var) -> Var:
    """The root after `new` was written through the view that `path` leads to."""
    values = _along(root, path)
    value: Value = new
    for op, base in zip(reversed(path), reversed(values[:-1]), strict=True):
        value = op.write_back(builder(), base, value)
    assert isinstance(value, Var)
    return value


def replace_memory(tensor: Tensor, value: Tensor) -> None:
    """`tensor.data = value`: other memory, the same handle."""
    source = read(value)
    if modes.trace is not None or tensor._base is not None:
        saved, modes.grad = modes.grad, False
        try:
            write(tensor, emit(Detach(), source))
        finally:
            modes.grad = saved
        return
    new = Var(source.type, source.array, Storage())
    new.needs_grad, new.leaf = tensor._var.needs_grad, tensor._var.leaf
    tensor._var = new


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
        if flag and tensor._base is not None:
            tensor._var, tensor._base = _own(var), None
            var = tensor._var
        var.needs_grad = flag
        var.leaf = weakref.ref(tensor) if flag else None
    return tensor


def _own(var: Var) -> Var:
    """A Var of its own for a view that becomes a leaf: the same memory, no root, no count of writes."""
    return Var(var.type, var.array, Storage(), var.name)


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
