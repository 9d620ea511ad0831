"""The memory that a program's state is in: the tensors' own, which the program updates in place.

What cannot be used where it is (a transposed parameter, a state that mirrors a generator) is copied before a run, and
back after it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..backends.base import Executable
from ..backends.bound import bind
from ..ir.func import Func
from ..tracer.changes import Word
from ..tracer.errors import TraceError
from ..tracer.tensor import Tensor
from ..tracer.var import Array, Runs

UNKNOWN = -1
"""The number of no change."""


class State(NamedTuple):
    """A tensor that a program reads, and perhaps writes. A gradient is found through its owner: that may change."""

    name: str
    tensor: Tensor
    owner: Tensor | None
    written: bool

    def now(self) -> Tensor:
        """The tensor in this role now."""
        found = self.tensor if self.owner is None else self.owner._grad
        assert isinstance(found, Tensor)
        return found

    def array(self) -> Array:
        """Its memory."""
        found = self.now()._var.array
        assert found is not None
        return found


class Memory:
    """A program bound to the memory that its state is in now."""

    def __init__(
        self,
        executable: Executable,
        func: Func,
        states: Sequence[State],
        runs: Runs,
        threads: int | None,
    ) -> None:
        self.states = states
        self.word = Word(UNKNOWN)
        """The change after which the state was last found here: what native calls compare."""
        self.sources = [s.array() for s in states]
        refuse_overlaps(zip(states, self.sources, strict=True))
        self.used = [_usable(s, a) for s, a in zip(states, self.sources, strict=True)]
        self.bound: Any = bind(executable, func, self.used, threads)
        self.written = [a for s, a in zip(states, self.sources, strict=True) if s.written]
        self.copied = [
            (source, used, state.written)
            for source, used, state in zip(self.sources, self.used, states, strict=True)
            if source is not used
        ]
        self.epochs: dict[Hashable, Any] = {}
        """What runs the program over rows, by the size of a batch and what a row is."""
        self.mirrors = [s.tensor._refresh for s in states if s.tensor._refresh is not None]
        for state in states:
            if state.written:
                state.now()._var.storage.written_by(runs)

    def is_current(self) -> bool:
        """Is the state still in this memory?"""
        return all(s.array() is a for s, a in zip(self.states, self.sources, strict=True))

    def before(self) -> None:
        """Bring up to date what the program does not see by itself."""
        for refresh in self.mirrors:
            refresh()
        for source, used, _ in self.copied:
            np.copyto(used, source)

    def after(self) -> None:
        """Put back what the program wrote elsewhere."""
        for source, used, written in self.copied:
            if written:
                np.copyto(source, used)


def _usable(state: State, array: Array) -> Array:
    if state.written and not array.flags.writeable:
        raise RuntimeError(
            f"the compiled function writes to '{state.name}', whose memory is read-only, or more than one of its "
            "elements refers to a single memory location; clone() the tensor first"
        )
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy(order="C")


def refuse_overlaps(found: Iterable[tuple[State, Array]]) -> None:
    """Two pieces of state in the same memory would part in the program, if one of them is written to."""
    spans = sorted(((*byte_bounds(a), s) for s, a in found if a.size), key=lambda span: span[:2])
    for (_, end, first), (start, _, second) in pairwise(spans):
        if start < end and (first.written or second.written):
            raise TraceError(
                f"'{first.name}' and '{second.name}' are two tensors in the same memory, and the compiled function "
                "writes to one of them, which the other would not see; let it reach that memory through one tensor "
                "and views of it"
            )


def refuse_shared(arrays: Sequence[Array], written: Sequence[int]) -> None:
    """An argument that the program writes to must not lie in another's memory."""
    for place in written:
        for other, array in enumerate(arrays):
            if other != place and np.may_share_memory(array, arrays[place]):
                raise TraceError(
                    f"arguments {place} and {other} lie in the same memory, and the compiled function writes to "
                    f"argument {place}, which the other would not see; pass a clone() of one of them"
                )


def refuse_argument(place: int, array: Array, memory: Memory) -> None:
    """An argument must not lie in memory that the program writes to."""
    for state, source in zip(memory.states, memory.sources, strict=True):
        if state.written and np.may_share_memory(array, source):
            raise TraceError(
                f"argument {place} lies in the memory of '{state.name}', which the compiled function writes to while "
                "it reads the argument; pass a clone() of it"
            )
