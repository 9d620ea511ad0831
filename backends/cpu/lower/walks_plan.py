"""What a body of one walk reads and writes: what is there for each element, what once per walk, and how it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ....ir import Const, Func, Instr, Value
from ....ir.dtypes import DType
from ....ir.walk import Walk
from ..layout import Layout, Shape, broadcast
from ..rows import Geometry, geometry
from ..rows.geometry import stretched
from ..target import Target
from .walks import WALKERS, Rule


@dataclass(frozen=True)
class Read:
    """An argument as one of its readers sees it: a buffer of the panel. What is still is there once per walk."""

    buffer: int
    still: bool


Source = Const | Read | Value
"""A number, something that is read, or what an instruction of the body makes. Views are looked through."""


@dataclass(frozen=True)
class Output:
    """A result of the body and the buffer of the panel that it goes to."""

    source: Source
    buffer: int
    full: bool


def rule_of(instr: Instr) -> Rule | None:
    """What is known of an instruction that walks."""
    return WALKERS.get(type(instr.op))


class Plan:
    """A body on values that lie in some way: its arguments, then its results."""

    def __init__(
        self, body: Func, walk: Walk, layouts: Sequence[Layout], dtypes: Sequence[DType]
    ) -> None:
        self.body, self.walk, self.dtypes = body, walk, dtypes
        self.shape: Shape = tuple(int(n) for n in walk.shape)
        self.own = dict(zip(body.args, layouts, strict=False))
        self.argument = {a: number for number, a in enumerate(body.args)}
        self.makers = {r: i for i in body.body for r in i.results}
        self.views: list[tuple[int, Layout]] = []
        """The panel's buffers: which of the kernel's each one is, and how it lies over the walk's shape."""
        self.sources = {
            i: tuple(self._source(o, self._reach(i, o)) for o in i.operands) for i in body.body
        }
        self.outputs: list[Output] = []
        for number, (value, _) in enumerate(body.results, len(body.args)):
            source = self._source(value, value.type.static_shape)
            layout = stretched(layouts[number], self.shape, walk.dims)
            full = self.is_full(value)
            self.outputs.append(Output(source, len(self.views), full))
            self.views.append((number, broadcast(layouts[number], self.shape) if full else layout))

    @property
    def sees(self) -> tuple[int, ...]:
        return tuple(number for number, _ in self.views)

    @property
    def seen(self) -> list[DType]:
        return [self.dtypes[number] for number in self.sees]

    @cached_property
    def walkers(self) -> list[Instr]:
        return [i for i in self.body.body if rule_of(i)]

    def geometry(self, target: Target) -> Geometry:
        """The way over the panels."""
        layouts = [layout for _, layout in self.views]
        most = self._guide(layouts)
        light = sum(WALKERS[type(i.op)].passes for i in self.walkers) == 1
        return geometry(self.walk.dims, layouts, self.seen, target, guide=most, light=light)

    def _guide(self, layouts: Sequence[Layout]) -> int:
        """Of the buffers with most elements the first one that lies as most of them do."""
        extents = [sum(map(bool, layout.strides)) for layout in layouts]
        full = [b for b, extent in enumerate(extents) if extent == max(extents)]
        inner = [_innermost(layouts[b]) for b in full]
        return full[inner.index(max(inner, key=inner.count))]

    def complaint(self) -> str:
        """What to say of refused operands; all members that can refuse any say the same."""
        size = self.size
        said = {
            rule.complaint(i.op, size)
            for i in self.walkers
            if (rule := WALKERS[type(i.op)]).complaint
        }
        assert len(said) <= 1, f"{self.body.name} has several complaints: {sorted(said)}"
        return said.pop() if said else ""

    @property
    def size(self) -> int:
        """How many elements a walk has."""
        count = 1
        for d in self.walk.dims:
            count *= self.shape[d]
        return count

    def is_full(self, value: Value) -> bool:
        """Is a value there for each element?"""
        maker = self.makers.get(value)
        rule = rule_of(maker) if maker else None
        return rule.full if rule else value.type.static_shape == self.shape

    def _reach(self, reader: Instr, operand: Value) -> Shape:
        """The shape over which an instruction reads an operand."""
        return operand.type.static_shape if rule_of(reader) else reader.result.type.static_shape

    def _source(self, value: Value, shape: Shape) -> Source:
        """Where a value that is read over a shape comes from."""
        if isinstance(value, Const):
            return value
        if value in self.argument:
            return self._read(value, shape)
        maker = self.makers[value]
        if not maker.op.in_order:
            return value
        (viewed,) = maker.operands
        assert viewed.type.shape != self.walk.shape or viewed.type.shape == self.walk.flat, (
            f"{self.body.name}: {maker.op.name} views {viewed.type}, which is there for each element of {self.walk}"
        )
        return self._source(viewed, viewed.type.static_shape)

    def _read(self, value: Value, shape: Shape) -> Read:
        layout = broadcast(self.own[value], shape)
        full = shape == self.shape
        over = layout if full else stretched(layout, self.shape, self.walk.dims)
        over = replace(
            over,
            strides=tuple(
                s if n != 1 else 0 for n, s in zip(self.shape, over.strides, strict=True)
            ),
        )
        view = (self.argument[value], over)
        if view not in self.views:
            self.views.append(view)
        return Read(self.views.index(view), not any(over.strides[d] for d in self.walk.dims))


def _innermost(layout: Layout) -> int:
    """The dimension along which elements lie side by side, or closest; -1 if there is none."""
    apart = [(abs(s), d) for d, s in enumerate(layout.strides) if s]
    return min(apart)[1] if apart else -1
