"""The data of `over`: the rows of tensors and arrays, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..tracer.from_data import from_numpy
from ..tracer.location import blame, type_shown
from ..tracer.reading import array_of
from ..tracer.structure import flatten, unflatten
from ..tracer.tensor import Tensor, eager_tensor
from ..tracer.var import Array
from .epochs import Steps


class Batches:
    """The rows of some arrays."""

    def __init__(self, data: Sequence[Any], size: int, drop_last: bool) -> None:
        found: list[Tensor] = []
        self.structure = flatten(tuple(map(_tensors, data)), found)
        self.arrays = [np.require(array_of(t, "over()"), requirements="C") for t in found]
        self.rows = _rows(self.arrays)
        self.size = positive("batch_size", size)
        self.whole, rest = divmod(self.rows, self.size)
        """How many batches are full."""
        self.count = self.whole + (bool(rest) and not drop_last)
        self.steps: Steps | None = None
        if not self.count:
            advice = "; drop_last=False takes a smaller one" if self.rows else ""
            raise blame(
                ValueError(
                    f"over() has {self.rows} rows, which make no batch of {self.size}{advice}"
                )
            )

    def after(self, done: int, order: Array | None) -> Iterator[tuple[Any, ...]]:
        """The batches after some that are done, as arguments, of the rows in an order."""
        for start in range(done * self.size, self.count * self.size, self.size):
            rows = slice(start, min(start + self.size, self.rows))
            yield self._arguments(rows if order is None else order[rows])

    def first(self) -> tuple[Any, ...]:
        """Arguments as those of a full batch are."""
        return self._arguments(slice(0, self.size))

    def tensors(self, arguments: tuple[Any, ...]) -> list[Tensor]:
        """The tensors among arguments."""
        found: list[Tensor] = []
        flatten(arguments, found)
        return found

    def _arguments(self, rows: Any) -> tuple[Any, ...]:
        made: tuple[Any, ...] = unflatten(
            self.structure, [eager_tensor(a[rows]) for a in self.arrays]
        )
        return made


def _tensors(nested: Any) -> Any:
    """Arrays as tensors, in tuples, lists and dicts too."""
    if isinstance(nested, np.ndarray):
        return from_numpy(nested)
    if isinstance(nested, (tuple, list)):
        return tuple(map(_tensors, nested))
    if isinstance(nested, dict):
        return {k: _tensors(v) for k, v in nested.items()}
    if isinstance(nested, Tensor):
        return nested
    raise blame(
        TypeError(
            f"over() takes tensors or arrays (or tuples and dicts of them), and makes the batches itself; not "
            f"{type_shown(nested)}. Of a dataset in memory, give it the tensors (*dataset.tensors)"
        )
    )


def _rows(arrays: Sequence[Array]) -> int:
    """How many rows the arrays have, which has to be the same for all."""
    if not arrays:
        raise blame(TypeError("over() takes at least one tensor whose rows make the batches"))
    found = {a.shape[0] if a.ndim else None for a in arrays}
    if len(found) > 1 or None in found:
        shapes = ", ".join(str(list(a.shape)) for a in arrays)
        raise blame(ValueError(f"over() takes tensors of one first dimension, not {shapes}"))
    return len(arrays[0])


def positive(name: str, number: int) -> int:
    """A number that has to be an int of 1 or more."""
    if type(number) is not int or number < 1:
        raise blame(ValueError(f"over(): {name} is an int of 1 or more, not {number!r}"))
    return number
