"""Short rows side by side: a row per lane, the elements of a row in as many registers, transposed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ..gemm.instructions import I64, Value
from ..gemm.tiling import power_above
from ..gemm.vectors import Vectors
from ..vector import Vector, splat
from ..vector.arithmetic import compare, like
from ..vector.kinds import constant
from .loops import plus
from .panel import Panel
from .place import Place
from .walk import Joining, State, Visit

CHAINS = 4
"""States of a fold that do not wait for each other."""


@dataclass(frozen=True)
class TurnedPlace(Place):
    """An element of each row, or (without a step) what belongs to each row."""

    panel: Any = None
    step: int | None = None

    def read(self, buffer: int) -> Vector:
        if self.step is not None and self.panel.is_turned(buffer):
            return self.panel.columns(buffer)[self.step]  # type: ignore[no-any-return]
        return super().read(buffer)

    def write(self, buffer: int, x: Vector) -> None:
        if self.step is not None and self.panel.is_turned(buffer):
            self.panel.put(buffer, self.step, splat(self.builder, x, self.lanes))
        else:
            super().write(buffer, x)


@dataclass(frozen=True)
class TurnedPanel(Panel):
    """As many rows as a vector has lanes. What is read is kept; what is written is stored when rows are complete."""

    found: dict[int, list[Vector]] = field(default_factory=dict)
    written: dict[int, dict[int, Vector]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.geometry.lanes if self.last is None else self.last

    def is_turned(self, buffer: int) -> bool:
        """Is a row of the buffer contiguous, and every row another?"""
        return self.geometry.reduced.strides[buffer][-1] == 1 and self._apart(buffer) != 0

    def results(self) -> list[Place]:
        return [self._at(None)]

    def moved(self, buffer: int, index: Value, stride: int) -> Panel:
        there = super().moved(buffer, index, stride)
        return replace(self, bases=there.bases, found={}, written={})

    def element(self, place: Place, buffer: int, index: Vector) -> Vector:
        found = self.columns(buffer)[0]
        for step, column in enumerate(self.columns(buffer)):
            here = compare(self.builder, "==", index, constant(index.dtype, step, index.lanes))
            found = like(found, self.builder.select(here.value, column.value, found.value))
        return found

    def columns(self, buffer: int) -> list[Vector]:
        """The elements of all rows: one vector per step."""
        if buffer not in self.found:
            v, dtype = self._vectors(buffer), self.buffers[buffer].dtype
            size, lanes = self.geometry.inner, self.geometry.lanes
            width = power_above(size)
            rows = [v.load(self._row(v, buffer, r), width, size) for r in range(self.rows)]
            rows += [v.zero(width)] * (lanes - self.rows)
            self.found[buffer] = [Vector(x, dtype, lanes) for x in v.transposed(rows)[:size]]
        return self.found[buffer]

    def put(self, buffer: int, step: int, x: Vector) -> None:
        """Set an element of all rows."""
        written = self.written.setdefault(buffer, {})
        written[step] = x
        if len(written) == self.geometry.inner:
            v = self._vectors(buffer)
            rows = v.transposed([written.pop(k).value for k in range(self.geometry.inner)])
            for r in range(self.rows):
                v.store(rows[r], self._row(v, buffer, r), self.geometry.inner)

    def _visited(self, start: State, visit: Visit, join: Joining | None) -> list[State]:
        slots = [start] * min(CHAINS, self.geometry.inner)
        for step in range(self.geometry.inner):
            k = step % len(slots)
            slots[k] = visit(slots[k], self._at(step))
        return slots

    def _at(self, step: int | None) -> Place:
        place = self._place(self.bases, 0, None)
        strides = self.geometry.reduced.strides
        number = I64(step or 0)
        indices = tuple(
            plus(self.builder, x, number, strides[b][-1] if step else 0)
            for b, x in enumerate(place.indices)
        )
        known = {f: getattr(place, f) for f in ("builder", "buffers", "strides", "lanes", "count")}
        return TurnedPlace(**known, indices=indices, position=number, panel=self, step=step)

    def _apart(self, buffer: int) -> int:
        """From one row to the next."""
        return self.geometry.kept.strides[buffer][-1]

    def _vectors(self, buffer: int) -> Vectors:
        return Vectors(self.builder, self.buffers[buffer].dtype.name)

    def _row(self, v: Vectors, buffer: int, row: int) -> Value:
        index = plus(self.builder, self.bases[buffer], I64(row), self._apart(buffer))
        return v.address(self.buffers[buffer].pointer, index)
