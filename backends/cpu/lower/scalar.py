"""Loops element by element in Numba source: over kept dimensions as one flat index, over the others nested."""

from __future__ import annotations

import math

from ..space import share, unflattened
from .rule import Job, at

ORDER_FREE = frozenset({"contract", "reassoc"})
Lines = list[str]


class Dims:
    """The loops of an op that looks along some dimensions of its operand."""

    def __init__(self, job: Job, dims: tuple[int, ...]) -> None:
        self.shape = job.layouts[0].shape
        self.dims = dims
        self.kept = [d for d in range(len(self.shape)) if d not in dims]
        self.names = [f"{'r' if d in dims else 'i'}{d}" for d in range(len(self.shape))]
        self.layout = job.layouts[0]

    def outer(self, body: Lines) -> Lines:
        """The loop over kept places, shared among the parts."""
        sizes = tuple(self.shape[d] for d in self.kept)
        cut = unflattened("i", sizes, [self.names[d] for d in self.kept])
        return [f"for i in {share(math.prod(sizes))}:", *("    " + line for line in [*cut, *body])]

    @property
    def element(self) -> str:
        """The operand's element at the loops' place."""
        return f"x0[{at(self.layout, *self.names)}]"
