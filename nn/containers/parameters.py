"""`ParameterList`: parameters by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, Self

from ...tracer import Tensor
from ..module import Module
from ..parameter import Parameter


class ParameterList(Module):
    """A list whose tensors are registered as parameters (made into parameters, where they are none)."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def _key(self, place: Any) -> str:
        number, count = index(place), len(self)
        if not -count <= number < count:
            raise IndexError(
                f"index {number} is out of range: the ParameterList has {count} parameters"
            )
        return str(number % count)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return type(self)(list(self)[place])
        return self._parameters[self._key(place)]

    def __setitem__(self, place: int, value: Tensor) -> None:
        self.register_parameter(self._key(place), as_parameter(value))

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def append(self, value: Tensor) -> Self:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), as_parameter(value))
        return self

    def extend(self, values: Iterable[Tensor]) -> Self:
        """Add parameters at the end."""
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Tensor]) -> Self:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(f"  ({name}): {_described(p)}" for name, p in enumerate(self))


def as_parameter(value: Any) -> Parameter:
    if not isinstance(value, Tensor):
        raise TypeError(f"a ParameterList holds tensors, not {type(value).__name__} {value!r}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _described(parameter: Tensor) -> str:
    size = "x".join(map(str, parameter.shape))
    return f"Parameter containing: [{parameter.dtype} of size {size}]"
