"""What becomes of a tile's sums while they are still in registers: stored as they are, or through a fused body.

An epilogue is asked for one vector of a row at a time. It may write in place what it reads (an optimizer's moments and
parameters), because it reads no other elements than those whose place it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ....ir import Func
from ....ir.dtypes import DType, by_name
from ..kernel import canonical
from ..vector import emit_body
from .instructions import Value
from .place import Place, as_elements, read, write
from .product import Operand, ProductError


class Awaited(NamedTuple):
    """A matrix that an epilogue reads, row by row without gaps."""

    pointer: Value
    dtype: DType
    row_stride: int


class Epilogue(Protocol):
    """What a kernel needs to know of what follows the sums."""

    @property
    def buffers(self) -> Sequence[str]:
        """The element types of what it reads and writes, in the order in which the kernel takes the pointers."""
        ...

    @property
    def instructions(self) -> int:
        """About how many vector instructions it takes for one vector."""
        ...

    @property
    def matrices(self) -> int:
        """How many matrices of the product's shape it reads."""
        ...

    @property
    def result(self) -> Operand:
        """How the (first) result lies in memory."""
        ...

    @property
    def identity(self) -> str:
        """Equal for epilogues that do the same."""
        ...

    def awaits(self, pointers: Sequence[Value]) -> list[Awaited]:
        """What it will read for each element."""
        ...

    def emit(self, builder: Any, pointers: Sequence[Value], place: Place, sums: Value) -> None:
        """Use up one vector of sums."""
        ...

    def turned(self) -> Epilogue:
        """The same for the transposed product."""
        ...


@dataclass(frozen=True)
class Store:
    """The sums are the result."""

    row_stride: int
    column_stride: int = 1
    dtype: str = "f32"

    @property
    def buffers(self) -> Sequence[str]:
        return (self.dtype,)

    @property
    def instructions(self) -> int:
        return 1 if self.column_stride == 1 else 16

    @property
    def matrices(self) -> int:
        return 0

    @property
    def result(self) -> Operand:
        return Operand(self.row_stride, self.column_stride)

    @property
    def identity(self) -> str:
        return str(self)

    def awaits(self, pointers: Sequence[Value]) -> list[Awaited]:
        return []

    def emit(self, builder: Any, pointers: Sequence[Value], place: Place, sums: Value) -> None:
        elements = as_elements(builder, sums, by_name(self.dtype))
        write(builder, elements, pointers[0], place, self.result)

    def turned(self) -> Store:
        return Store(self.column_stride, self.row_stride, self.dtype)


@dataclass(frozen=True)
class Body:
    """A fused body of elementwise ops.

    `inputs` says for each of the body's arguments how it lies in memory, or None for the one that stands for the sums.
    A stride of 0 repeats: Operand(0, 0) is a scalar, Operand(0, 1) one number per column, Operand(1, 0) one per row.
    The kernel takes a pointer for each input but the sums, then one for each result.
    """

    func: Func
    inputs: tuple[Operand | None, ...]
    outputs: tuple[Operand, ...]

    def __post_init__(self) -> None:
        arguments, results = len(self.func.args), len(self.func.results)
        if (len(self.inputs), len(self.outputs)) != (arguments, results):
            raise ProductError(
                f"the body '{self.func.name}' has {arguments} arguments and {results} results, but memory is "
                f"described for {len(self.inputs)} and {len(self.outputs)}"
            )
        if self.inputs.count(None) != 1:
            raise ProductError(
                f"one input of the body '{self.func.name}' must be None, to stand for the product; "
                f"{self.inputs.count(None)} are"
            )

    @property
    def buffers(self) -> Sequence[str]:
        arguments = zip(self.func.args, self.inputs, strict=True)
        values = [a for a, layout in arguments if layout] + [r.value for r in self.func.results]
        return [value.type.dtype.name for value in values]

    @property
    def instructions(self) -> int:
        return 4 * len(self.func.body) + len(self.buffers)

    @property
    def matrices(self) -> int:
        return sum(1 for p in self.inputs if p and p.row_stride and p.column_stride)

    @property
    def result(self) -> Operand:
        return self.outputs[0]

    @property
    def identity(self) -> str:
        return f"{canonical(self.func)} {self.inputs} {self.outputs}"

    def awaits(self, pointers: Sequence[Value]) -> list[Awaited]:
        given = zip(self.func.args, self.inputs, strict=True)
        layouts = [(a.type.dtype, layout) for a, layout in given if layout]
        return [
            Awaited(pointer, dtype, layout.row_stride)
            for pointer, (dtype, layout) in zip(pointers, layouts, strict=False)
            if layout.row_stride and layout.column_stride == 1
        ]

    def emit(self, builder: Any, pointers: Sequence[Value], place: Place, sums: Value) -> None:
        remaining = iter(pointers)
        operands = []
        for argument, layout in zip(self.func.args, self.inputs, strict=True):
            dtype = argument.type.dtype
            if layout is None:
                operands.append(as_elements(builder, sums, dtype))
            else:
                operands.append(read(builder, dtype, next(remaining), place, layout))
        results = emit_body(builder, self.func, operands)
        for vector, layout, pointer in zip(results, self.outputs, remaining, strict=True):
            write(builder, vector, pointer, place, layout)

    def turned(self) -> Body:
        inputs = tuple(layout and layout.turned() for layout in self.inputs)
        return Body(self.func, inputs, tuple(layout.turned() for layout in self.outputs))
