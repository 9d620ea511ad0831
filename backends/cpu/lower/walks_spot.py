"""What a walker is given: its operands, and the spots where their elements are looked at."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from llvmlite import ir as ll

from ....ir import Instr
from ....ir.dtypes import DType, int64
from ..gemm.instructions import Value
from ..rows import Panel, Place
from ..vector import Vector, splat
from ..vector.arithmetic import like
from ..vector.convert import cast
from ..vector.kinds import real
from ..vector.real import Real


@dataclass(frozen=True)
class Picked(Place):
    """One element of each walk, by its number along the way."""

    pick: Callable[[int], Vector] = field(kw_only=True)
    """The elements of a buffer."""
    index: Vector = field(kw_only=True)

    def read(self, buffer: int) -> Vector:
        return self.pick(buffer)


@dataclass(frozen=True)
class Spot:
    """A place, and what has been computed there."""

    place: Place
    along: bool
    """Does each lane have an element of the same walk?"""
    seen: dict[Hashable, Vector] = field(default_factory=dict)

    @property
    def lanes(self) -> int:
        return self.place.lanes

    @property
    def is_picked(self) -> bool:
        return isinstance(self.place, Picked)

    def spread(self, numbers: Sequence[Vector]) -> Real:
        """What is known of each walk, in every lane."""
        return self.place.spread(numbers[self.place.group])

    def wide(self, numbers: Sequence[Vector]) -> Vector:
        """The same as a vector."""
        return splat(self.place.builder, numbers[self.place.group], self.lanes)

    def number(self, dtype: DType) -> Vector:
        """The number of each lane's element along the way."""
        builder, lanes = self.place.builder, self.lanes
        if isinstance(self.place, Picked):
            return cast(builder, self.place.index, dtype)
        first = cast(builder, Vector(self.place.position, int64, 1), dtype)
        wide = splat(builder, first, lanes)
        if not self.along or lanes == 1:
            return wide
        steps = ll.Constant(wide.value.type, list(range(lanes)))
        return like(wide, builder.add(wide.value, steps))


Term = Callable[[Spot], Vector]


class Scene(Protocol):
    """What operands are asked of: a body's values on a panel."""

    panel: Panel

    def element(self, source: Any, spot: Spot) -> Vector: ...

    def once(self, source: Any) -> list[Vector]: ...

    def kept(self, key: Instr, term: Term) -> Term: ...


@dataclass(frozen=True)
class Operand:
    """An operand of a walker."""

    scene: Scene
    source: Any
    dtype: DType
    reader: Instr
    size: int
    """How many elements a walk has."""

    @property
    def builder(self) -> Value:
        return self.scene.panel.builder

    @property
    def lanes(self) -> int:
        """Of vectors of elements."""
        return self.scene.panel.geometry.lanes

    def at(self, spot: Spot) -> Vector:
        """The elements at a spot, in every lane."""
        return splat(self.builder, self.scene.element(self.source, spot), spot.lanes)

    def real(self, spot: Spot) -> Real:
        """The floats at a spot, to compute with."""
        return real(self.builder, self.at(spot))

    def once(self) -> list[Vector]:
        """What there is of it for each walk, in every lane where lanes are walks."""
        panel = self.scene.panel
        lanes = 1 if panel.geometry.along else panel.geometry.lanes
        return [splat(self.builder, x, lanes) for x in self.scene.once(self.source)]

    def picked(self, index: Sequence[Vector]) -> list[Vector]:
        """The element of each walk that an index names."""
        panel = self.scene.panel
        return [
            self.at(Spot(picked(panel, origin, number), panel.geometry.along))
            for origin, number in zip(panel.results(), index, strict=True)
        ]

    def kept(self, term: Term) -> Term:
        """The same for each element, computed once if there is room to keep it."""
        return self.scene.kept(self.reader, term)


def picked(panel: Panel, origin: Place, index: Vector) -> Picked:
    """The place of the elements that an index names."""
    known = {f: getattr(origin, f) for f in ("builder", "buffers", "indices", "strides", "lanes")}

    def pick(buffer: int) -> Vector:
        return panel.element(origin, buffer, index)

    return Picked(**known, group=origin.group, pick=pick, index=index)
