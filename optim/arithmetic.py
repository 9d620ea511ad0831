"""The operations that update rules are written in: on values of one dtype, so that no promotion has to be looked up."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from ..ir.dtypes import DType, float32, float64
from ..ir.op import make
from ..ir.ops.logic import Cast
from ..ir.values import Const
from ..tracer.eager import emit
from ..tracer.tensor import Tensor
from ..tracer.var import Var
from ..tracer.writing import write

Operation = Callable[..., Var]


def _operation(name: str) -> Operation:
    return partial(emit, make(name, {}))


add, sub, mul, div, pow = map(_operation, ("add", "sub", "mul", "div", "pow"))
sqrt, neg, maximum, lerp, addcmul = map(_operation, ("sqrt", "neg", "maximum", "lerp", "addcmul"))

ONE = Const(1.0, float64)
ONE_MORE = Const(1.0, float32)

_cast_op = cache(Cast)


def cast(value: Var, dtype: DType) -> Var:
    """The value as another dtype."""
    return value if value.type.dtype is dtype else emit(_cast_op(dtype), value)


def put(tensor: Tensor, value: Var) -> Var:
    """Write a value into a tensor, and go on with it."""
    write(tensor, value)
    return value
