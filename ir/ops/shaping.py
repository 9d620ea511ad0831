"""Ops that see the same elements in another shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..errors import DimError, require
from ..op import Array, Op, Producer, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import Shape, TensorType, known
from ..values import Value
from .reduction import Dims


def volume(shape: Shape) -> tuple[int, tuple[str, ...]]:
    """How many elements a shape holds: the product of the known sizes, and the names left over."""
    size = 1
    for d in shape:
        size *= d if isinstance(d, int) else 1
    return size, tuple(sorted(d for d in shape if isinstance(d, str)))


@op
class Reshape(Op):
    """The same elements, in the same order, in another shape."""

    name = "reshape"
    in_order = True
    view = True
    shape: Shape

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        require(
            volume(x.shape) == volume(self.shape),
            f"reshape: shape {list(self.shape)} is invalid for input of size {volume(x.shape)[0]} ({x})",
        )
        return x.with_shape(self.shape)

    def ref(self, x: Array) -> Any:
        return x.reshape(tuple(known(d) for d in self.shape))

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.reshape(g, shape=x.type.shape),)

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        return b.reshape(value, shape=base.type.shape)

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        if x.type.shape == self.shape:
            return x
        made = producer(x)
        if made and isinstance(made.op, Reshape):
            return b.reshape_to(made.operands[0], self.shape)
        return None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((3, 2)), spec(2, 3))
        yield sample(cls((2, 12)), spec(2, 3, 4))
        yield sample(cls(()), spec(1))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((2, 2)), "shape [2, 2] is invalid for input of size 6", spec(2, 3))


@op
class Permute(Op):
    """The dimensions in another order: result dimension i is operand dimension dims[i]."""

    name = "permute"
    view = True
    dims: Dims

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        require(
            sorted(self.dims) == list(range(x.rank)),
            f"permute: dims {list(self.dims)} must name each dimension of {x} once",
            DimError,
        )
        return x.with_shape(tuple(x.shape[d] for d in self.dims))

    def inverse(self) -> Dims:
        return tuple(self.dims.index(i) for i in range(len(self.dims)))

    def ref(self, x: Array) -> Any:
        return x.transpose(self.dims)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.permute(g, dims=self.inverse()),)

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        return b.permute(value, dims=self.inverse())

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        if self.dims == tuple(range(len(self.dims))):
            return x
        made = producer(x)
        if made and isinstance(made.op, Permute):
            return b.permute(made.operands[0], dims=tuple(made.op.dims[d] for d in self.dims))
        return None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((1, 0)), spec(2, 3))
        yield sample(cls((2, 0, 1)), spec(2, 3, 4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((0, 0)), "must name each dimension of f64[2,3] once", spec(2, 3))


@op
class Expand(Op):
    """Size-1 and missing leading dimensions repeated to a larger shape."""

    name = "expand"
    in_order = True
    view = True
    shape: Shape

    def infer(self, *types: TensorType) -> TensorType:
        (x,) = types
        extra = len(self.shape) - x.rank
        fits = extra >= 0 and all(d in (1, self.shape[extra + i]) for i, d in enumerate(x.shape))
        require(
            fits,
            f"expand: {x} cannot be expanded to {list(self.shape)}; only size-1 dimensions stretch",
        )
        return x.with_shape(self.shape)

    def ref(self, x: Array) -> Any:
        return np.broadcast_to(x, tuple(known(d) for d in self.shape))

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.sum_to(g, x.type.shape),)

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        require(
            volume(base.type.shape) == volume(self.shape),
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location ({base.type} expanded to {list(self.shape)}). Please clone() the tensor before writing to it",
        )
        return b.reshape(value, shape=base.type.shape)

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        return x if x.type.shape == self.shape else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((2, 3)), spec(3))
        yield sample(cls((4, 2, 3)), spec(2, 1))
        yield sample(cls((2, 2)), spec())

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls((2, 4)), "f64[2,3] cannot be expanded to [2, 4]", spec(2, 3))


@op
class Detach(Op):
    """The same values, through which no gradient flows."""

    name = "detach"
    view = True
    differentiable = False

    def infer(self, *types: TensorType) -> TensorType:
        return types[0]

    def ref(self, x: Array) -> Any:
        return x.view()

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        return value

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(2, 3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "takes 1 operand, not 2", spec(2), spec(3))
