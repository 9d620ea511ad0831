"""What is multiplied: sizes, strides and element type of one matrix product, all known when code is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

ITEMSIZES = {"f32": 4, "f64": 8}


class ProductError(ValueError):
    """A product for which no kernel can be made."""


@dataclass(frozen=True)
class Operand:
    """How a matrix lies in memory: how many elements apart its rows and its columns are."""

    row_stride: int
    column_stride: int

    def turned(self) -> Operand:
        """The same memory, read as the transposed matrix."""
        return Operand(self.column_stride, self.row_stride)


@dataclass(frozen=True)
class Product:
    """`a` (m × k) times `b` (k × n)."""

    m: int
    n: int
    k: int
    a: Operand
    b: Operand
    dtype: str = "f32"

    def __post_init__(self) -> None:
        if self.dtype not in ITEMSIZES:
            raise ProductError(
                f"matrix products are made for {' and '.join(ITEMSIZES)}, not for {self.dtype}; "
                "cast the operands first"
            )
        if min(self.m, self.n, self.k) < 0:
            raise ProductError(
                f"the sizes of a product cannot be negative: m={self.m}, n={self.n}, k={self.k}"
            )

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return ITEMSIZES[self.dtype]

    def turned(self) -> Product:
        """The product that gives the transposed result: bᵀ times aᵀ."""
        return replace(self, m=self.n, n=self.m, a=self.b.turned(), b=self.a.turned())

    def settled(self) -> Product:
        """The same product, where a stride along a dimension of size 1 is as convenient as it can be."""
        return replace(self, a=_settled(self.a, self.m, self.k), b=_settled(self.b, self.k, self.n))


def _settled(operand: Operand, rows: int, columns: int) -> Operand:
    row, column = operand.row_stride, operand.column_stride
    return Operand(1 if rows == 1 else row, 1 if columns == 1 else column)
