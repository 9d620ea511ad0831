"""Matrix products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..dtypes import float32
from ..errors import DTypeError, ShapeError, require
from ..op import Array, Op, Producer, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import Shape, TensorType, broadcast, known
from ..values import Value
from .elementwise import listed, same_dtype
from .reduction import accumulator
from .shaping import Permute, volume


def multiply(a: Array, b: Array) -> Any:
    """A matrix product; 16-bit floats are multiplied in float32."""
    wide = accumulator(a)
    if wide is a.dtype:
        return np.matmul(solid(a), solid(b))
    return np.matmul(a.astype(wide), b.astype(wide)).astype(a.dtype)


def solid(x: Array) -> Array:
    """Broadcast elements written out: NumPy multiplies them without BLAS, slowly and rounding differently."""
    return np.ascontiguousarray(x) if 0 in x.strides and x.ndim else x


@op
class MatMul(Op):
    """The product of the last two dimensions, either operand transposed first; leading dimensions broadcast."""

    name = "matmul"
    arity = 2
    anchor = True
    transpose_a: bool = False
    transpose_b: bool = False

    def infer(self, *types: TensorType) -> TensorType:
        dtype = same_dtype("matmul", types)
        require(dtype.kind != "bool", f"matmul is not defined for {listed(types)}", DTypeError)
        a, b = types
        require(a.rank >= 2 and b.rank >= 2, f"matmul needs matrices, not {listed(types)}")
        (*batch_a, m, k), (*batch_b, k2, n) = (
            self.turned(a, self.transpose_a),
            self.turned(b, self.transpose_b),
        )
        require(
            k == k2,
            f"mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {k2}x{n}): "
            f"the inner sizes {k} and {k2} differ (operands {listed(types)})",
        )
        return a.with_shape((*self.batch(types, tuple(batch_a), tuple(batch_b)), m, n))

    def flops(self, *types: TensorType) -> int:
        inner = known(self.turned(types[0], self.transpose_a)[-1])
        return 2 * inner * self.infer(*types).size

    def batch(self, types: tuple[TensorType, ...], a: Shape, b: Shape) -> Shape:
        try:
            return broadcast(a, b)
        except ShapeError as error:
            raise ShapeError(f"matmul: batch {error} (operands {listed(types)})") from None

    @staticmethod
    def turned(type: TensorType, transpose: bool) -> Shape:
        *batch, rows, columns = type.shape
        return (*batch, columns, rows) if transpose else type.shape

    def ref(self, a: Array, b: Array) -> Any:
        return multiply(
            a.swapaxes(-1, -2) if self.transpose_a else a,
            b.swapaxes(-1, -2) if self.transpose_b else b,
        )

    def vjp(self, b: Builder, g: Value, out: Value, x: Value, y: Value) -> Sequence[Thunk | None]:
        def times(left: Value, right: Value, transpose_left: bool, transpose_right: bool) -> Value:
            return b.matmul(left, right, transpose_a=transpose_left, transpose_b=transpose_right)

        def left() -> Value:
            if self.transpose_a:
                return times(y, g, self.transpose_b, True)
            return times(g, y, False, not self.transpose_b)

        def right() -> Value:
            if self.transpose_b:
                return times(g, x, True, self.transpose_a)
            return times(x, g, not self.transpose_a, False)

        return left, right

    def fold(self, b: Builder, producer: Producer, x: Value, y: Value) -> Value | None:
        """A transposed operand becomes a flag."""
        inner_x, inner_y = untransposed(producer, x), untransposed(producer, y)
        if inner_x is x and inner_y is y:
            return None
        return b.matmul(
            inner_x,
            inner_y,
            transpose_a=self.transpose_a != (inner_x is not x),
            transpose_b=self.transpose_b != (inner_y is not y),
        )

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(2, 3), spec(3, 4))
        yield sample(cls(transpose_a=True), spec(3, 2), spec(3, 4))
        yield sample(cls(transpose_b=True), spec(2, 3), spec(4, 3))
        yield sample(cls(True, True), spec(5, 1, 3, 2), spec(2, 4, 3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "the inner sizes 3 and 4 differ", spec(2, 3), spec(4, 5))
        yield mistake(cls(), "needs matrices, not f64[3]", spec(3), spec(3, 2))
        yield mistake(cls(), "differ in dtype", spec(2, 3), spec(3, 2, dtype=float32))
        yield mistake(cls(), "batch shapes [2] and [3]", spec(2, 4, 4), spec(3, 4, 4))


def untransposed(producer: Producer, x: Value) -> Value:
    """What x is the transpose of (in its last two dimensions), or x itself."""
    made = producer(x)
    if not made or not isinstance(made.op, Permute):
        return x
    swap = (*range(x.type.rank - 2), x.type.rank - 1, x.type.rank - 2)
    return made.operands[0] if made.op.dims == swap else x


@op
class Linear(Op):
    """x·weightᵀ, plus a bias if there is one: the weight is [out, in], leading dimensions of x are kept."""

    name = "linear"
    arity = range(2, 4)
    anchor = True

    def infer(self, *types: TensorType) -> TensorType:
        same_dtype("linear", types)
        x, weight = types[:2]
        require(
            x.rank >= 1 and weight.rank == 2,
            f"linear needs an input of features and a weight matrix, not {x} and {weight}",
        )
        require(
            x.shape[-1] == weight.shape[1],
            f"linear: mat1 and mat2 shapes cannot be multiplied ({volume(x.shape[:-1])[0]}x{x.shape[-1]} "
            f"and {weight.shape[1]}x{weight.shape[0]}): the input {x} has {x.shape[-1]} features, "
            f"but the weight {weight} takes {weight.shape[1]}",
        )
        for bias in types[2:]:
            require(
                bias.shape == weight.shape[:1],
                f"linear: the bias {bias} does not match the weight {weight}, which gives {weight.shape[0]} features",
            )
        return x.with_shape((*x.shape[:-1], weight.shape[0]))

    def flops(self, *types: TensorType) -> int:
        x, _, *bias = types
        return (2 * known(x.shape[-1]) + len(bias)) * self.infer(*types).size

    def ref(self, x: Array, weight: Array, *bias: Array) -> Any:
        product = multiply(x, weight.T)
        for b in bias:
            product += b
        return product

    def vjp(
        self, b: Builder, g: Value, out: Value, x: Value, weight: Value, *bias: Value
    ) -> Sequence[Thunk | None]:
        def rows(v: Value) -> Value:
            return v if v.type.rank == 2 else b.reshape(v, shape=(flat_rows(v), v.type.shape[-1]))

        thunks: list[Thunk | None] = [
            lambda: b.reshape_to(b.matmul(rows(g), weight), x.type.shape),
            lambda: b.matmul(rows(g), rows(x), transpose_a=True),
        ]
        if bias:
            thunks.append(lambda: b.sum(g, dims=tuple(range(g.type.rank - 1))))
        return thunks

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(2, 3), spec(4, 3), spec(4))
        yield sample(cls(), spec(5, 2, 3), spec(4, 3))
        yield sample(cls(), spec(3), spec(4, 3), spec(4))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls(),
            "the input f64[64,784] has 784 features, but the weight f64[10,100] takes 100",
            spec(64, 784),
            spec(10, 100),
        )
        yield mistake(cls(), "the bias f64[3] does not match", spec(2, 3), spec(4, 3), spec(3))
        yield mistake(cls(), "differ in dtype", spec(2, 3), spec(4, 3, dtype=float32))


def flat_rows(x: Value) -> int:
    size, names = volume(x.type.shape[:-1])
    require(not names, f"linear: the leading dimensions of {x} must be known here")
    return size
