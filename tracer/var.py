"""`Var`: an IR value that the tracer works on. It carries its array (when eager) and how it came to be (for gradients).

The instruction that made a Var hangs off it as `op` and `operands`: this *is* the autograd tape. A Var never points
at its users, so a graph that nobody holds is freed at once.
"""

from __future__ import annotations

import weakref
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ir.op import Op
from ..ir.types import TensorType, type_of
from ..ir.values import Const, Value
from .changes import Word

if TYPE_CHECKING:
    from .tensor import Tensor

Array = np.ndarray[Any, Any]
next_sequence = count().__next__
"""Numbers in the order in which values are made."""


class Runs:
    """How often a compiled program has run: a word, because native code counts as well."""

    __slots__ = ("word",)

    def __init__(self) -> None:
        self.word = Word()

    @property
    def count(self) -> int:
        return self.word.cell[0]

    @count.setter
    def count(self, count: int) -> None:
        self.word.cell[0] = count


class Watch:
    """Counts the writes of compiled programs to a piece of memory. They do not touch its version: that is put right
    when somebody asks.
    """

    __slots__ = ("last", "runs", "seen")

    def __init__(self) -> None:
        self.runs: list[Runs] = []
        self.seen = 0
        self.last = 0
        """The version after the last of these writes that was counted."""


class Storage:
    """The identity of a piece of memory; `version` counts the writes to it."""

    __slots__ = ("version", "watch")

    def __init__(self) -> None:
        self.version = 0
        self.watch: Watch | None = None

    def current(self) -> int:
        """The version, with the writes of compiled programs counted in."""
        watch = self.watch
        if watch is not None:
            runs = sum(r.count for r in watch.runs)
            if runs != watch.seen:
                self.version += runs - watch.seen
                watch.seen, watch.last = runs, self.version
        return self.version

    def written_by(self, runs: Runs) -> None:
        """From now on each run of a program is a write."""
        self.current()
        self.watch = self.watch or Watch()
        if runs not in self.watch.runs:
            self.watch.runs.append(runs)
            self.watch.seen += runs.count


class Var(Value):
    """One value of an eager computation or of a trace. Immutable but for the memory behind an eager one's array."""

    __slots__ = (
        "array",
        "freed",
        "label",
        "leaf",
        "needs_grad",
        "op",
        "operands",
        "sequence",
        "storage",
        "version",
    )

    def __init__(
        self, type: TensorType, array: Array | None, storage: Storage, name: str = ""
    ) -> None:
        self.type = type
        self.name = name
        self.array = array
        self.storage = storage
        self.version = storage.version
        self.needs_grad = False
        self.op: Op | None = None
        self.operands: tuple[Value, ...] = ()
        self.leaf: weakref.ref[Tensor] | None = None
        self.label: str | None = None
        self.freed = False
        self.sequence = next_sequence()


def concrete(array: Array) -> Var:
    """A fresh Var that holds an array."""
    return Var(type_of(array), array, Storage())


def rewritten(old: Var) -> Var:
    """The same memory after one more write: a Var with no history yet."""
    return Var(old.type, old.array, old.storage)


def needs_grad(value: Value) -> bool:
    return not isinstance(value, Const) and value.needs_grad  # type: ignore[attr-defined]
