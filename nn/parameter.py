"""`Parameter` and `Buffer`: tensors that a module registers when they are assigned to one of its attributes."""

from __future__ import annotations

from typing import Any

from ..ir.ops.shaping import Detach
from ..tracer import Tensor
from ..tracer.conversion import parameter_text
from ..tracer.creation import empty
from ..tracer.eager import emit
from ..tracer.reading import read
from ..tracer.tensor import eager_tensor, set_requires_grad, wrap
from ..tracer.var import Array, Storage, Var


def share(cls: type[Tensor], data: Tensor | None) -> Tensor:
    """A tensor of a class that lives in the memory of `data`, without its history."""
    source = read(empty(0) if data is None else data)
    if source.array is None:
        made = wrap(emit(Detach(), source))
    else:
        made = wrap(Var(source.type, source.array, Storage()))
    made.__class__ = cls
    return made


class Parameter(Tensor):
    """A tensor that a module trains. It shares the memory of `data` and asks for gradients unless told otherwise."""

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        made = share(cls, data)
        assert isinstance(made, Parameter)
        set_requires_grad(made, requires_grad)
        return made

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        """All is done by `__new__`."""

    @classmethod
    def _remake(cls, array: Array, requires_grad: bool) -> Parameter:
        return cls(eager_tensor(array), requires_grad)

    def __repr__(self) -> str:
        return parameter_text(self)


class Buffer(Tensor):
    """A tensor that belongs to a module's state but is not trained; `persistent=False` keeps it out of state_dict()."""

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        made = share(cls, data)
        assert isinstance(made, Buffer)
        made.persistent = persistent
        return made

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        """All is done by `__new__`."""

    @classmethod
    def _remake(cls, array: Array, requires_grad: bool) -> Buffer:
        return cls(eager_tensor(array))

    def _remade(self, array: Array, requires_grad: bool) -> Buffer:
        return type(self)(eager_tensor(array), persistent=self.persistent)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (*super().__reduce_ex__(protocol), {"persistent": self.persistent})
