"""What every elementwise op shares: broadcasting, one dtype, and a scalar expression that backends print."""

from __future__ import annotations

import ast
from functools import cache
from typing import ClassVar

from ..dtypes import DType, bool_
from ..errors import DTypeError, ShapeError, require
from ..op import Op
from ..types import Shape, TensorType, broadcast


class Elementwise(Op):
    """Operands broadcast together and share one dtype, which is the result's."""

    elementwise = True
    expr: ClassVar[str]
    """The scalar meaning, with `{0}`, `{1}`, ... for the operands' elements."""
    arity: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ("float", "int", "bool")
    """The dtype kinds on which the op is defined."""

    def expression(self) -> str:
        return self.expr

    def flops(self, *types: TensorType) -> int:
        result = self.infer(*types)
        floating = result.dtype.is_floating_point
        return operations(self.expression()) * result.size if floating else 0

    def infer(self, *types: TensorType) -> TensorType:
        dtype = same_dtype(self.name, types)
        require(
            dtype.kind in self.kinds,
            f"{self.name} is not defined for {dtype.name}: {listed(types)}",
            DTypeError,
        )
        return TensorType(dtype, broadcast_types(self.name, types))


class Floating(Elementwise):
    """An elementwise op on floating-point numbers only."""

    kinds: ClassVar[tuple[str, ...]] = ("float",)


class Numeric(Elementwise):
    """An elementwise op on numbers, but not on truth values."""

    kinds: ClassVar[tuple[str, ...]] = ("float", "int")


class Predicate(Elementwise):
    """An elementwise op that answers true or false."""

    def infer(self, *types: TensorType) -> TensorType:
        return super().infer(*types).with_dtype(bool_)


@cache
def operations(expression: str) -> int:
    """How many operations a scalar expression says; a function counts as one."""
    tree = ast.parse(expression.replace("{", "x").replace("}", ""))
    return sum(isinstance(n, ast.BinOp | ast.UnaryOp | ast.Call) for n in ast.walk(tree))


def listed(types: tuple[TensorType, ...]) -> str:
    return " and ".join(map(str, types))


def same_dtype(name: str, types: tuple[TensorType, ...]) -> DType:
    first = types[0].dtype
    require(
        all(t.dtype is first for t in types),
        f"{name}: operands differ in dtype: {listed(types)}; cast one of them",
        DTypeError,
    )
    return first


def broadcast_types(name: str, types: tuple[TensorType, ...]) -> Shape:
    try:
        return broadcast(*(t.shape for t in types))
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from None
