"""Where a value's elements lie in its buffer: an offset and a stride per dimension. Views are layouts, not code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ...ir import Op
from ...ir.ops.shaping import Detach, Expand, Permute, Reshape
from ...ir.ops.slicing import Flip, Slice

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Element (i, j, ...) lies at offset + i·strides[0] + j·strides[1] + ..., counted in elements."""

    shape: Shape
    strides: Shape
    offset: int = 0

    @property
    def is_dense(self) -> bool:
        """Do the elements lie in row order without gaps?"""
        return all(
            s == d or n == 1
            for s, d, n in zip(self.strides, dense(self.shape).strides, self.shape, strict=True)
        )


def dense(shape: Shape) -> Layout:
    """Row order without gaps."""
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return Layout(shape, tuple(strides))


def broadcast(layout: Layout, shape: Shape) -> Layout:
    """A layout stretched to a shape."""
    extra = len(shape) - len(layout.shape)
    strides = [0 if n == 1 else s for n, s in zip(layout.shape, layout.strides, strict=True)]
    return Layout(shape, (*(0,) * extra, *strides), layout.offset)


def may_view(op: Op) -> bool:
    """Could an op's result be its operand, seen otherwise?"""
    return type(op) in _RULES


def viewed(op: Op, layout: Layout) -> Layout | None:
    """The layout of a view op's result, if it can see its operand's memory as it lies."""
    rule = _RULES.get(type(op))
    return rule(op, layout) if rule else None


def _permuted(op: Any, layout: Layout) -> Layout:
    return replace(
        layout,
        shape=tuple(layout.shape[d] for d in op.dims),
        strides=tuple(layout.strides[d] for d in op.dims),
    )


def _expanded(op: Any, layout: Layout) -> Layout:
    extra = len(op.shape) - len(layout.shape)
    strides = [0] * extra + [
        0 if have == 1 else s for have, s in zip(layout.shape, layout.strides, strict=True)
    ]
    return replace(layout, shape=tuple(op.shape), strides=tuple(strides))


def _sliced(op: Any, layout: Layout) -> Layout:
    d = op.dim
    shape = (*layout.shape[:d], op.length, *layout.shape[d + 1 :])
    strides = (*layout.strides[:d], layout.strides[d] * op.step, *layout.strides[d + 1 :])
    return Layout(shape, strides, layout.offset + op.start * layout.strides[d])


def _flipped(op: Any, layout: Layout) -> Layout:
    strides, offset = list(layout.strides), layout.offset
    for d in op.dims:
        offset += max(layout.shape[d] - 1, 0) * strides[d]
        strides[d] = -strides[d]
    return Layout(layout.shape, tuple(strides), offset)


def _reshaped(op: Any, layout: Layout) -> Layout | None:
    """Groups of dimensions that lie one inside the other can be cut anew; others cannot."""
    if 0 in op.shape:
        return dense(op.shape)
    strides: list[int] = []
    have = [(n, s) for n, s in zip(layout.shape, layout.strides, strict=True) if n != 1]
    for size in op.shape:
        if size == 1:
            strides.append(0)
            continue
        if not have:
            return None
        size_left, stride = have.pop(0)
        while size_left < size:
            if not have or stride != have[0][0] * have[0][1]:
                return None
            inner, stride = have.pop(0)
            size_left *= inner
        if size_left % size:
            return None
        strides.append(stride * (size_left // size))
        if size_left > size:
            have.insert(0, (size_left // size, stride))
    return Layout(tuple(op.shape), tuple(strides), layout.offset)


_RULES: dict[type[Op], Callable[[Any, Layout], Layout | None]] = {
    Detach: lambda op, layout: layout,
    Expand: _expanded,
    Flip: _flipped,
    Permute: _permuted,
    Reshape: _reshaped,
    Slice: _sliced,
}
