"""Iteration spaces: the loops of a kernel, and where in each buffer an iteration finds its element."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .layout import Layout, Shape


@dataclass(frozen=True)
class Space:
    """Loop sizes, outermost first, and for each buffer its offset and its stride per loop."""

    sizes: Shape
    strides: tuple[Shape, ...]
    offsets: Shape

    @property
    def count(self) -> int:
        return math.prod(self.sizes)

    def index(self, buffer: int, variables: Sequence[str]) -> str:
        """The Python text of a buffer's element index."""
        terms = [
            v if s == 1 else f"{v} * {s}"
            for v, s in zip(variables, self.strides[buffer], strict=True)
            if s
        ]
        offset = self.offsets[buffer]
        return " + ".join([*terms, *([str(offset)] if offset or not terms else [])])


def space(shape: Shape, layouts: Sequence[Layout]) -> Space:
    """The loops over a shape, with as few of them as the layouts allow."""
    columns = [
        (size, tuple(layout.strides[d] for layout in layouts))
        for d, size in enumerate(shape)
        if size != 1
    ]
    merged: list[tuple[int, Shape]] = []
    for size, strides in columns:
        if merged and _joins(merged[-1][1], size, strides):
            merged[-1] = (merged[-1][0] * size, strides)
        else:
            merged.append((size, strides))
    merged = merged or [(math.prod(shape), (0,) * len(layouts))]
    return Space(
        tuple(size for size, _ in merged),
        tuple(tuple(strides[b] for _, strides in merged) for b in range(len(layouts))),
        tuple(layout.offset for layout in layouts),
    )


def _joins(outer: Shape, size: int, inner: Shape) -> bool:
    return all(o == size * i for o, i in zip(outer, inner, strict=True))


def unflattened(flat: str, sizes: Shape, names: Sequence[str]) -> list[str]:
    """Lines that cut a flat index into one per loop."""
    lines, below = [], math.prod(sizes)
    for name, size in zip(names, sizes, strict=True):
        below //= max(size, 1)
        lines.append(
            f"{name} = {flat} // {below} % {size}" if below != 1 else f"{name} = {flat} % {size}"
        )
    return lines


def share(count: int | str) -> str:
    """The range of iterations that falls to a part."""
    return f"range(part * {count} // parts, (part + 1) * {count} // parts)"
