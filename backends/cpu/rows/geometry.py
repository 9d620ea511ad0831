"""How a kernel walks: which loops stay, which are folded away, and which of them the vectors lie along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ....ir.dtypes import DType
from ..layout import Layout, Shape, dense
from ..space import Space, space
from ..target import Target

GROUPS = 4
"""Vectors side by side in a panel of columns."""
BROAD = 8
"""The same where columns are long and little is done: fewer panels look up the same pages of memory again."""
TALL = 512
"""Elements of a long column."""
LONE_COLUMNS = 8
"""The same where a column's elements are taken one by one."""
SHORT = 16
"""The longest row whose elements are all in registers, many rows side by side."""
IN_FLIGHT = 8
"""About how many chains of operations keep the machine busy."""


@dataclass(frozen=True)
class Geometry:
    """Loops over kept and over reduced dimensions; each buffer's strides in both, its offset in the kept ones."""

    kept: Space
    reduced: Space
    along: bool
    """Do vectors lie along the innermost reduced loop (rows), or along the innermost kept one (columns)?"""
    lanes: int
    turned: bool = False
    """Do vectors lie across short rows, which are transposed when they are read and written?"""
    light: bool = False
    """Is little done with each element?"""

    @property
    def inner(self) -> int:
        """The size of the innermost reduced loop."""
        return self.reduced.sizes[-1]

    @property
    def advance(self) -> int:
        """How many reduced elements a step takes."""
        return self.lanes if self.along else 1

    @property
    def groups(self) -> int:
        """Vectors side by side in a whole panel."""
        if self.along or self.turned:
            return 1
        broad = self.light and self.reduced.count >= TALL
        most = (BROAD if broad else GROUPS) if self.lanes > 1 else LONE_COLUMNS
        return max(1, min(most, self.kept.sizes[-1] // self.lanes))

    @property
    def panel_elements(self) -> int:
        """How many elements a whole panel has."""
        return self.reduced.count * (1 if self.along else self.groups * self.lanes)

    def with_rooms(self, count: int) -> Geometry:
        """The same with so many more buffers, each for the elements of one panel."""
        width = 1 if self.along else self.groups * self.lanes
        below = [s * width for s in dense(self.reduced.sizes).strides]
        beside = (*(0,) * (len(self.kept.sizes) - 1), int(not self.along))
        return replace(
            self,
            kept=_with(self.kept, [beside] * count),
            reduced=_with(self.reduced, [tuple(below)] * count),
        )

    def in_flight(self, groups: int) -> int:
        """How many steps are taken at once, each with its own accumulators."""
        steps = self.inner // self.advance
        if self.along:
            return max(1, steps if steps <= IN_FLIGHT else IN_FLIGHT // 2)
        return max(1, min(steps, IN_FLIGHT // groups))

    @property
    def is_short(self) -> bool:
        """Is a whole row in registers, without a loop?"""
        steps = self.inner // self.advance
        alone = len(self.reduced.sizes) == 1
        return self.turned or (self.along and alone and steps <= IN_FLIGHT)

    def lane_stride(self, buffer: int) -> int:
        """From one lane to the next."""
        return (self.reduced if self.along else self.kept).strides[buffer][-1]


def geometry(
    dims: Sequence[int],
    layouts: Sequence[Layout],
    dtypes: Sequence[DType],
    target: Target,
    *,
    guide: int = 0,
    rows_only: bool = False,
    light: bool = False,
) -> Geometry:
    """The best way over layouts of one shape, `dims` of which are folded. The guide is the buffer with most elements.

    A buffer that has one element for many places has strides of 0 there.
    """
    by_stride = sorted(range(len(layouts[0].shape)), key=lambda d: -abs(layouts[guide].strides[d]))
    kept = _part([d for d in by_stride if d not in dims], layouts, True)
    reduced = _part([d for d in by_stride if d in dims], layouts, False)
    along = rows_only or _along(kept, reduced, guide)
    across = 1 if rows_only or not along else _across(kept, reduced, dtypes, target)
    if across > 1:
        return Geometry(kept, reduced, False, across, turned=True)
    lanes = _lanes(reduced if along else kept, guide, dtypes, target)
    return Geometry(kept, reduced, along, lanes, light=light)


def _part(dims: Sequence[int], layouts: Sequence[Layout], offsets: bool) -> Space:
    shape = tuple(layouts[0].shape[d] for d in dims)
    return space(
        shape,
        [Layout(shape, tuple(x.strides[d] for d in dims), x.offset * offsets) for x in layouts],
    )


def _with(loops: Space, strides: Sequence[Shape]) -> Space:
    """Loops over more buffers."""
    offsets = (*loops.offsets, *[0] * len(strides))
    return replace(loops, strides=(*loops.strides, *strides), offsets=offsets)


def _along(kept: Space, reduced: Space, guide: int) -> bool:
    ours, others = abs(reduced.strides[guide][-1]), abs(kept.strides[guide][-1])
    if kept.count == 1 or reduced.count == 1:
        return kept.count == 1
    return ours == 1 or (others != 1 and ours <= others)


def _lanes(loops: Space, guide: int, dtypes: Sequence[DType], target: Target) -> int:
    """As many as fit a register, no more than needed; one where most elements lie apart."""
    strides = [s[-1] for s in loops.strides]
    if strides[guide] not in (0, 1):
        return 1
    sizes = [d.itemsize for d, s in zip(dtypes, strides, strict=True) if s]
    lanes = target.lanes(max(4, *sizes)) if sizes else 1
    while lanes > 1 and lanes >= 2 * loops.sizes[-1]:
        lanes //= 2
    return lanes


def _across(kept: Space, reduced: Space, dtypes: Sequence[DType], target: Target) -> int:
    """How many short rows of floats are best taken side by side; 1 if that is no gain."""
    walked = [d for d, s in zip(dtypes, reduced.strides, strict=True) if s[-1]]
    plain = all(s[-1] in (0, 1) for s in reduced.strides) and len(reduced.sizes) == 1
    if not plain or not all(d.name in ("f32", "f64") for d in walked):
        return 1
    lanes = target.lanes(max((d.itemsize for d in walked), default=target.vector_bytes))
    short = 1 < reduced.count <= SHORT and kept.sizes[-1] >= lanes
    return lanes if short else 1


def stretched(layout: Layout, shape: Shape, dims: Sequence[int]) -> Layout:
    """A layout of a reduction's result as one of its operand's shape: nothing moves along the reduced `dims`."""
    have = list(layout.strides)
    if len(have) == len(shape):
        strides = [0 if d in dims else s for d, s in enumerate(have)]
    else:
        strides = [0 if d in dims else have.pop(0) for d in range(len(shape))]
    return Layout(shape, tuple(strides), layout.offset)
