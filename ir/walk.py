"""How an op goes over elements: along some dimensions of a shape, for each place in the others by itself.

A sum walks along what it sums; a softmax along its dimension; a classifier's loss along each row of logits. Ops of one
walk can be done together, row by row, with the elementwise ops between them.
"""

from __future__ import annotations

from typing import NamedTuple

from .types import Shape


class Walk(NamedTuple):
    """All of `shape`, along `dims`."""

    shape: Shape
    dims: tuple[int, ...]

    @property
    def kept(self) -> Shape:
        """The shape of what there is once per walk."""
        return tuple(size for d, size in enumerate(self.shape) if d not in self.dims)

    @property
    def flat(self) -> Shape:
        """The same with dimensions of 1 where the walk goes."""
        return tuple(1 if d in self.dims else size for d, size in enumerate(self.shape))

    @property
    def leads(self) -> bool:
        """Does it go along the first dimensions, so that what is kept broadcasts against the whole?"""
        return self.dims == tuple(range(len(self.dims)))

    def covers(self, shape: Shape) -> bool:
        """Is something of this shape there for every element, or once per walk?"""
        return shape in (self.shape, self.flat, self.kept)

    def spreads(self, shape: Shape, to: Shape) -> bool:
        """Does going from one shape to another in order, or by broadcasting, keep to the walk's own places?"""
        if shape == to or shape in (self.shape, self.flat):
            return True
        return to in (self.kept, self.flat) or self.leads
