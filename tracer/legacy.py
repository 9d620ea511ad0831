"""The old constructors: `Tensor(2, 3)` of a size, `Tensor([1, 2])` of data, and `LongTensor` and its kin."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import DType, bool_, float32, float64, int32, int64
from ..ir.ops.shaping import Detach
from .device import check_device
from .filled import zeros
from .from_data import tensor
from .location import blame, type_shown
from .promotion import is_number
from .size import Size
from .tensor import Tensor, become, view


def initialize(self: Tensor, *args: Any, device: Any = None, **unknown: Any) -> None:
    """What `Tensor(...)` does: float32 data, or memory of a size; another tensor is shared."""
    check_device(device)
    for name in unknown:
        raise blame(
            TypeError(f"Tensor() has no argument '{name}'; tensor(data, {name}=...) may have one")
        )
    become(self, _made("Tensor", float32, args))


def _made(name: str, kind: DType, args: tuple[Any, ...]) -> Tensor:
    if not args:
        return zeros(0, dtype=kind)
    first = args[0]
    if all(isinstance(a, int) and not isinstance(a, bool) for a in args):
        return zeros(*args, dtype=kind)
    if len(args) > 1 or is_number(first) or isinstance(first, (str, bytes)):
        given = ", ".join(type_shown(a) for a in args)
        raise blame(
            TypeError(f"{name}() takes one sequence of data, or a size as integers, not ({given})")
        )
    if isinstance(first, Size):
        return zeros(first, dtype=kind)
    if isinstance(first, Tensor):
        return _shared(name, kind, first)
    return tensor(first, dtype=kind)


def _shared(name: str, kind: DType, other: Tensor) -> Tensor:
    """The same memory without history, as PyTorch has it; `Tensor(...)` keeps the dtype."""
    if name != "Tensor" and other.dtype is not kind:
        raise blame(TypeError(f"{name}() was given a tensor of {other.dtype}; cast it with .to()"))
    return view(other, Detach())


def constructor(name: str, kind: DType) -> Any:
    """`FloatTensor` and its kin: from data, or of a size."""

    def make(*args: Any) -> Tensor:
        return _made(name, kind, args)

    make.__name__ = name
    return make


FloatTensor = constructor("FloatTensor", float32)
DoubleTensor = constructor("DoubleTensor", float64)
LongTensor = constructor("LongTensor", int64)
IntTensor = constructor("IntTensor", int32)
BoolTensor = constructor("BoolTensor", bool_)
