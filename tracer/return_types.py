"""What functions return that have two answers: tuples with names, each of a type named after its function."""

from __future__ import annotations

from typing import NamedTuple

from .tensor import Tensor


class ValuesIndices(NamedTuple):
    """Elements along a dim, and where they stand."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        shown = ",\n".join(f"{name}={part!r}" for name, part in self._asdict().items())
        return f"torch.return_types.{type(self).__name__}(\n{shown})"


class max(ValuesIndices):
    """The largest elements."""

    __slots__ = ()


class min(ValuesIndices):
    """The smallest elements."""

    __slots__ = ()


class median(ValuesIndices):
    """The middle elements."""

    __slots__ = ()


class sort(ValuesIndices):
    """The elements in order."""

    __slots__ = ()


class topk(ValuesIndices):
    """The first elements of the order."""

    __slots__ = ()
