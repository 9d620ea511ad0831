"""Builders turn ops into values. Gradients, passes and the tracer are all written against `Builder`.

`b.mul(x, 2.0)` emits the op called `mul`; Python numbers become constants of the first operand's dtype. What "emit"
does is the subclass's business: `FuncBuilder` appends an instruction, the tracer's eager builder computes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

from .dtypes import DType, Scalar, bool_, float32, int64
from .func import Func
from .op import OPS, Op, infer, make
from .types import Shape, TensorType, known
from .values import Instr, Loc, Result, Value, constant

Operand = Value | Scalar


class Builder:
    """Emits ops; the helpers below are compositions that several gradients need."""

    origin: Loc | None = None
    """During a backward walk: the line of the instruction whose gradient is being emitted."""

    def emit(self, op: Op, operands: Sequence[Value], name: str = "") -> Value:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Callable[..., Value]:
        if name not in OPS:
            raise AttributeError(f"there is no op called '{name}'")
        method = _emitter(name)
        setattr(Builder, name, method)  # found at once from now on
        return method.__get__(self)

    def full(self, type: TensorType, number: Scalar) -> Value:
        """A tensor of one number."""
        return self.expand(constant(number, type.dtype), shape=type.shape)

    def reshape_to(self, x: Value, shape: Shape) -> Value:
        return x if x.type.shape == shape else self.reshape(x, shape=shape)

    def cast_to(self, x: Value, dtype: DType) -> Value:
        return x if x.type.dtype is dtype else self.cast(x, dtype=dtype)

    def sum_to(self, x: Value, shape: Shape) -> Value:
        """Undo a broadcast: sum over every dimension in which `shape` was stretched."""
        if x.type.shape == shape:
            return x
        extra = x.type.rank - len(shape)
        dims = tuple(
            i for i, d in enumerate(x.type.shape) if i < extra or (shape[i - extra] == 1 and d != 1)
        )
        return self.reshape_to(self.sum(x, dims=dims) if dims else x, shape)

    def restore_dims(self, x: Value, full: Shape, dims: tuple[int, ...], keepdim: bool) -> Value:
        """Give a reduction's result its reduced dimensions back, as size 1."""
        return (
            x
            if keepdim
            else self.reshape_to(x, tuple(1 if i in dims else d for i, d in enumerate(full)))
        )

    def transpose(self, x: Value, a: int = -2, b: int = -1) -> Value:
        order = list(range(x.type.rank))
        order[a], order[b] = order[b], order[a]
        return self.permute(x, dims=tuple(order))

    def count(self, shape: Shape, dims: Iterable[int]) -> int:
        """How many elements a reduction over `dims` folds into one."""
        total = 1
        for d in dims:
            total *= known(shape[d])
        return total


def _emitter(name: str) -> FunctionType:
    """The method that emits the op called `name`."""
    plain = OPS[name]() if not OPS[name].attributes else None

    def emitter(self: Builder, *operands: Operand, **attrs: Any) -> Value:
        return self.emit(make(name, attrs) if plain is None or attrs else plain, lift(operands))

    assert isinstance(emitter, FunctionType)
    return emitter


def lift(operands: Sequence[Operand]) -> Sequence[Value]:
    """Python numbers as constants: of the first numeric operand's dtype, or of the type that suits the number."""
    if all(isinstance(o, Value) for o in operands):
        return operands  # type: ignore[return-value]
    dtypes = [o.type.dtype for o in operands if isinstance(o, Value)]
    dtype = next((d for d in dtypes if d is not bool_), None)
    return tuple(
        o if isinstance(o, Value) else constant(o, dtype or natural_dtype(o)) for o in operands
    )


def natural_dtype(number: Scalar) -> DType:
    if isinstance(number, bool):
        return bool_
    return int64 if isinstance(number, int) else float32


class FuncBuilder(Builder):
    """Builds a `Func`, one instruction after the other."""

    def __init__(self, name: str, args: Iterable[Value] = ()) -> None:
        self.name = name
        self.args = list(args)
        self.body: list[Instr] = []
        self.loc: Loc | None = None

    def arg(self, name: str, type: TensorType) -> Value:
        self.args.append(Value(type, name))
        return self.args[-1]

    def emit(self, op: Op, operands: Sequence[Value], name: str = "") -> Value:
        (type,) = infer(op, tuple(o.type for o in operands))
        result = Value(type, name)
        self.body.append(Instr(op, tuple(operands), (result,), self.loc, self.origin))
        return result

    def append(self, instr: Instr) -> None:
        self.body.append(instr)

    def finish(self, results: Iterable[Value | Result]) -> Func:
        listed = tuple(r if isinstance(r, Result) else Result(r) for r in results)
        return Func(self.name, tuple(self.args), tuple(self.body), listed)
