"""One row, or some columns side by side, under construction: folds over their elements, and results for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir as ll

from ....ir.dtypes import DType
from ..gemm.instructions import I32, I64, Value
from ..vector import Vector, load
from ..vector.kinds import constant
from .folds import Fold
from .geometry import Geometry
from .loops import plus
from .place import Buffer, Place
from .walk import Bases, Joining, State, Visit, Walk


@dataclass(frozen=True)
class Panel:
    """What a program works on. `bases` is where its first element lies in each buffer."""

    builder: Any
    buffers: tuple[Buffer, ...]
    geometry: Geometry
    bases: Bases
    groups: int = 1
    last: int | None = None
    """How many lanes the last vector side by side has, if not all."""
    status: Value = None

    def fold(self, fold: Fold, dtype: DType, term: Callable[[Place], Vector]) -> list[Vector]:
        """The terms of all elements put together: for rows one scalar, for columns a vector per group."""

        def join(x: State, y: State) -> State:
            return (fold.join(self.builder, x[0], y[0]),)

        start = (constant(dtype, fold.start(dtype), self.geometry.lanes),)
        apart = fold.rounds and dtype.is_floating_point
        found = self.gather(start, lambda s, place: join(s, (term(place),)), join, apart=apart)
        return [x for (x,) in found]

    def gather(
        self, start: State, visit: Visit, join: Joining, *, apart: bool = False
    ) -> list[State]:
        """As `fold`, with several vectors as the state. Equal results for any number of parts."""
        slots = self._visited(start, visit, join if apart else None)
        states = [_tree(slots[g :: self.groups], join) for g in range(self.groups)]
        return [self._across(s, join) for s in states] if self.geometry.along else states

    def each(self, visit: Callable[[Place], None]) -> None:
        """Go over all elements."""

        def stateless(state: State, place: Place) -> State:
            visit(place)
            return state

        self._visited((), stateless, None)

    def results(self) -> list[Place]:
        """Where the results of folds belong: one place per group."""
        if self.geometry.along:
            strides = (0,) * len(self.buffers)
            return [Place(self.builder, self.buffers, self.bases, strides, 1)]
        return [self._place(self.bases, g, None) for g in range(self.groups)]

    def element(self, place: Place, buffer: int, index: Vector) -> Vector:
        """The element of each row or column with an index along the innermost reduced loop."""
        stride, dtype = self.geometry.reduced.strides[buffer][-1], self.buffers[buffer].dtype
        found = constant(dtype, 0, place.lanes)
        real_lanes = self.last if self.last and place.group == self.groups - 1 else place.lanes
        for lane in range(real_lanes):
            mine = plus(self.builder, place.indices[buffer], I64(lane), place.strides[buffer])
            there = plus(self.builder, mine, self._lane(index, lane).value, stride)
            one = load(self.builder, dtype, self.buffers[buffer].pointer, there, 1)
            found = one if place.lanes == 1 else self._set(found, lane, one)
        return found

    def moved(self, buffer: int, index: Value, stride: int) -> Panel:
        """The panel, further on in one buffer."""
        bases = list(self.bases)
        bases[buffer] = plus(self.builder, bases[buffer], index, stride)
        return replace(self, bases=tuple(bases))

    def _visited(self, start: State, visit: Visit, join: Joining | None) -> list[State]:
        """Visit every element; the states of all groups, some times over."""
        walk = Walk(self.builder, self.geometry, self.groups, start, visit, self._place, join)
        return walk.run(self.bases)

    def _place(self, bases: Bases, group: int, count: int | None) -> Place:
        walk = self.geometry
        strides = tuple(walk.lane_stride(b) for b in range(len(bases)))
        if not walk.along:
            bases = tuple(
                plus(self.builder, x, I64(group * walk.lanes), s)
                for x, s in zip(bases, strides, strict=True)
            )
            if group == self.groups - 1 and self.last is not None:
                count = self.last
        return Place(self.builder, self.buffers, bases, strides, walk.lanes, count, group)

    def _across(self, state: State, join: Joining) -> State:
        """The lanes put together, half by half."""
        lanes = self.geometry.lanes
        while lanes > 1:
            lanes //= 2
            low, high = (tuple(self._lanes(x, s, lanes) for x in state) for s in (0, lanes))
            state = join(low, high)
        return state

    def _lane(self, x: Vector, lane: int) -> Vector:
        if x.lanes == 1:
            return x
        return Vector(self.builder.extract_element(x.value, I32(lane)), x.dtype, 1)

    def _set(self, x: Vector, lane: int, one: Vector) -> Vector:
        return replace(x, value=self.builder.insert_element(x.value, one.value, I32(lane)))

    def _lanes(self, x: Vector, start: int, count: int) -> Vector:
        if count == 1:
            return self._lane(x, start)
        numbers = ll.Constant(ll.VectorType(I32, count), list(range(start, start + count)))
        none = ll.Constant(x.value.type, ll.Undefined)
        return Vector(self.builder.shuffle_vector(x.value, none, numbers), x.dtype, count)


def _tree(states: list[State], join: Joining) -> State:
    while len(states) > 1:
        pairs = zip(states[::2], states[1::2], strict=False)
        states = [join(x, y) for x, y in pairs] + states[len(states) - len(states) % 2 :]
    return states[0]
