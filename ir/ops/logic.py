"""Comparison, logic, choice and conversion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..builder import Builder
from ..dtypes import DType, bool_, float32, float64, int64
from ..errors import DTypeError, require
from ..op import Array, Producer, Thunk, op
from ..samples import Mistake, Sample, binary, mistake, sample, spec
from ..types import TensorType
from ..values import Const, Value
from .elementwise import Elementwise, Predicate, broadcast_types, same_dtype


class Comparison(Predicate):
    """Two operands compared, element by element."""

    arity = 2

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield from binary(cls())
        yield sample(cls(), *(spec(2, 3, dtype=int64, low=-3, high=3),) * 2)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(
            cls(), "operands differ in dtype: f64[2] and f32[2]", spec(2), spec(2, dtype=float32)
        )


@op
class Eq(Comparison):
    """Are the elements equal?"""

    name = "eq"
    expr = "({0} == {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.equal(x, y)


@op
class Ne(Comparison):
    """Do the elements differ?"""

    name = "ne"
    expr = "({0} != {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.not_equal(x, y)


@op
class Lt(Comparison):
    """Is the first smaller?"""

    name = "lt"
    expr = "({0} < {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.less(x, y)


@op
class Le(Comparison):
    """Is the first not larger?"""

    name = "le"
    expr = "({0} <= {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.less_equal(x, y)


@op
class Gt(Comparison):
    """Is the first larger?"""

    name = "gt"
    expr = "({0} > {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.greater(x, y)


@op
class Ge(Comparison):
    """Is the first not smaller?"""

    name = "ge"
    expr = "({0} >= {1})"

    def ref(self, x: Array, y: Array) -> Any:
        return np.greater_equal(x, y)


class Logical(Elementwise):
    """Logic on truth values; bit by bit on integers."""

    kinds = ("bool", "int")
    arity: ClassVar[int] = 2

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for dtype, low, high in ((bool_, 0, 2), (int64, -9, 9)):
            shapes = ((2, 3), (3,))[: cls.arity]
            yield sample(cls(), *(spec(*s, dtype=dtype, low=low, high=high) for s in shapes))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "not defined for f64", *(spec(2),) * cls.arity)


@op
class LogicalAnd(Logical):
    """Both."""

    name = "logical_and"
    expr = "({0} & {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.bitwise_and(x, y)


@op
class LogicalOr(Logical):
    """Either."""

    name = "logical_or"
    expr = "({0} | {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.bitwise_or(x, y)


@op
class LogicalXor(Logical):
    """One but not both."""

    name = "logical_xor"
    expr = "({0} ^ {1})"
    commutative = True

    def ref(self, x: Array, y: Array) -> Any:
        return np.bitwise_xor(x, y)


@op
class LogicalNot(Logical):
    """The opposite."""

    name = "logical_not"
    expr = "invert({0})"
    arity = 1

    def ref(self, x: Array) -> Any:
        return np.invert(x)

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        made = producer(x)
        return made.operands[0] if made and isinstance(made.op, LogicalNot) else None


@op
class Where(Elementwise):
    """The second operand where the first is true, the third elsewhere."""

    name = "where"
    expr = "where({0}, {1}, {2})"
    arity = 3

    def infer(self, *types: TensorType) -> TensorType:
        condition, *choices = types
        require(
            condition.dtype is bool_,
            f"where: the condition must be bool, not {condition}",
            DTypeError,
        )
        dtype = same_dtype("where", tuple(choices))
        return TensorType(dtype, broadcast_types("where", types))

    def flops(self, *types: TensorType) -> int:
        return 0

    def ref(self, condition: Array, x: Array, y: Array) -> Any:
        return np.where(condition, x, y)

    def vjp(
        self, b: Builder, g: Value, out: Value, condition: Value, x: Value, y: Value
    ) -> Sequence[Thunk | None]:
        zero = Const(0, g.type.dtype)
        return None, lambda: b.where(condition, g, zero), lambda: b.where(condition, zero, g)

    def fold(self, b: Builder, producer: Producer, c: Value, x: Value, y: Value) -> Value | None:
        if isinstance(c, Const):
            return x if c.number else y
        return x if x is y else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(2, 3, dtype=bool_, low=0, high=2), spec(2, 3), spec(2, 3))
        yield sample(cls(), spec(4, 1, dtype=bool_, low=0, high=2), spec(3), spec())

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "the condition must be bool, not f64[2]", spec(2), spec(2), spec(2))
        yield mistake(cls(), "sizes 2 and 3 differ", spec(2, dtype=bool_), spec(3), spec(3))


@op
class Cast(Elementwise):
    """The same numbers as another dtype."""

    name = "cast"
    dtype: DType

    def expression(self) -> str:
        return f"cast_{self.dtype.name}({{0}})"

    def infer(self, *types: TensorType) -> TensorType:
        return types[0].with_dtype(self.dtype)

    def flops(self, *types: TensorType) -> int:
        return 0

    def ref(self, x: Array) -> Any:
        with np.errstate(invalid="ignore", over="ignore"):
            return x.astype(self.dtype.numpy)

    def vjp(self, b: Builder, g: Value, out: Value, x: Value) -> Sequence[Thunk | None]:
        return (lambda: b.cast(g, dtype=x.type.dtype),)

    def fold(self, b: Builder, producer: Producer, x: Value) -> Value | None:
        return x if x.type.dtype is self.dtype else None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(float64), spec(2, 3))
        yield sample(cls(float32), spec(3, dtype=int64, low=-9, high=9))
        yield sample(cls(int64), spec(2, 3))
        yield sample(cls(bool_), spec(4))
