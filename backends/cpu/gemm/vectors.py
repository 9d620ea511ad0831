"""Vectors of one element type, as the kernels of this room need them: constant tails, zips, sums, transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir as ll

from .instructions import I32, I64, LoopBody, Value, call, first, loop, mangled, numbers
from .product import ITEMSIZES
from .tiling import power_above

ELEMENTS = {"f32": ll.FloatType(), "f64": ll.DoubleType()}


class Vectors:
    """Emits vector code through a builder."""

    def __init__(self, builder: Any, dtype: str) -> None:
        self.builder = builder
        self.dtype = dtype
        self.element = ELEMENTS[dtype]
        self.alignment = ITEMSIZES[dtype]

    def type(self, lanes: int) -> Any:
        return ll.VectorType(self.element, lanes)

    def zero(self, lanes: int) -> Value:
        return ll.Constant(self.type(lanes), [0.0] * lanes)

    def address(self, pointer: Value, offset: Value | int) -> Value:
        """Where the element at an offset is."""
        index = I64(offset) if isinstance(offset, int) else offset
        return self.builder.gep(pointer, [index])

    def load(self, address: Value, lanes: int, count: int) -> Value:
        """A vector whose first `count` lanes come from memory; the others are zero and not touched in memory."""
        kind = self.type(lanes)
        place = self.builder.bitcast(address, kind.as_pointer())
        if count == lanes:
            return self.builder.load(place, align=self.alignment)
        arguments = [place, I32(self.alignment), first(count, lanes), self.zero(lanes)]
        return call(self.builder, f"llvm.masked.load.{mangled(kind)}.p0", kind, arguments)

    def store(self, vector: Value, address: Value, count: int) -> None:
        """Write the first `count` lanes."""
        kind = vector.type
        place = self.builder.bitcast(address, kind.as_pointer())
        if count == kind.count:
            self.builder.store(vector, place, align=self.alignment)
            return
        arguments = [vector, place, I32(self.alignment), first(count, kind.count)]
        call(self.builder, f"llvm.masked.store.{mangled(kind)}.p0", ll.VoidType(), arguments)

    def splat(self, scalar: Value, lanes: int) -> Value:
        """The scalar in every lane."""
        empty = ll.Constant(self.type(lanes), ll.Undefined)
        one = self.builder.insert_element(empty, scalar, I32(0))
        return self.builder.shuffle_vector(one, empty, numbers((0,) * lanes))

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x · y + z, rounded once."""
        return call(self.builder, f"llvm.fma.{mangled(x.type)}", x.type, [x, y, z])

    def pick(self, x: Value, y: Value, lanes: Sequence[int]) -> Value:
        """Lanes of x and, numbered on, of y."""
        return self.builder.shuffle_vector(x, y, numbers(tuple(lanes)))

    def part(self, x: Value, start: int, lanes: int) -> Value:
        """Some neighbouring lanes."""
        if lanes == x.type.count:
            return x
        return self.pick(x, x, range(start, start + lanes))

    def zip(self, x: Value, y: Value) -> tuple[Value, Value]:
        """x0 y0 x1 y1 …, in two vectors."""
        lanes = x.type.count
        if lanes == 1:
            return x, y
        order = [lane for i in range(lanes) for lane in (i, lanes + i)]
        return self.pick(x, y, order[:lanes]), self.pick(x, y, order[lanes:])

    def transposed(self, rows: Sequence[Value]) -> list[Value]:
        """The columns of a matrix that is given by its rows; each as long as a power of two not below their number.

        Zipping the first half of the vectors with the second half, as often as their number can be halved, puts all
        elements in column order.
        """
        height = power_above(len(rows))
        wide = [self._widened(row, height) for row in rows]
        found = wide + [self.zero(wide[0].type.count)] * (height - len(rows))
        for _ in range(height.bit_length() - 1):
            halves = zip(found[: height // 2], found[height // 2 :], strict=True)
            found = [z for x, y in halves for z in self.zip(x, y)]
        pieces = range(0, found[0].type.count, height)
        columns = [self.part(vector, start, height) for vector in found for start in pieces]
        return columns[: rows[0].type.count]

    def _widened(self, x: Value, lanes: int) -> Value:
        """At least so many lanes; the new ones have no meaning."""
        if x.type.count >= lanes:
            return x
        return self.pick(x, x, [min(lane, x.type.count - 1) for lane in range(lanes)])

    def sums(self, vectors: Sequence[Value]) -> Value:
        """The sum of each vector, in one vector as long as a power of two not below their number.

        Every sum folds its vector in halves, whatever the number of vectors.
        """
        lanes = vectors[0].type.count
        height = power_above(len(vectors))
        found = [*vectors, *[self.zero(lanes)] * (height - len(vectors))]
        while len(found) > 1:
            half = len(found) // 2
            zipped = [self.zip(x, y) for x, y in zip(found[:half], found[half:], strict=True)]
            found = [self.builder.fadd(low, high) for low, high in zipped]
        total = found[0]
        while total.type.count > height:
            half = total.type.count // 2
            total = self.builder.fadd(self.part(total, 0, half), self.part(total, half, half))
        return total

    def loop(self, count: int | Value, carried: Sequence[Value], body: LoopBody) -> list[Value]:
        """Run `body(index, values)` for index 0, 1, …; the values it returns are carried to the next round."""
        return loop(self.builder, count, carried, body)
