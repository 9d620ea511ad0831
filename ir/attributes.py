"""Attributes: what a class's annotations declare and its instances hold, unchanged.

`attributed` is `dataclass(frozen=True)` for the hundred op classes: a dataclass compiles methods of its own for each
class, which would take longer than importing all the rest of the IR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar, dataclass_transform

from .errors import IRError

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""Stands where an attribute has no default."""


class Attribute(NamedTuple):
    """An attribute as its class declares it."""

    type: str
    default: Any


class Attributed(Protocol):
    """What `attributed` gives a class."""

    name: ClassVar[str]
    attributes: ClassVar[Mapping[str, Attribute]]
    defaults: ClassVar[Mapping[str, Any]]
    held: ClassVar[Any]


Class = TypeVar("Class", bound=type[Attributed])


@dataclass_transform(frozen_default=True)
def attributed(cls: Class) -> Class:
    """Make attributes of a class's annotations, after those of its bases."""
    cls.attributes = {**cls.attributes, **_declared(cls)}
    cls.defaults = {name: each.default for name, each in cls.attributes.items()}
    cls.held = attrgetter(*cls.attributes) if cls.attributes else type
    for method in (__init__, __eq__, __hash__, __repr__, __setattr__, __delattr__):
        if method.__name__ not in vars(cls):
            setattr(cls, method.__name__, method)
    return cls


def _declared(cls: type) -> dict[str, Attribute]:
    return {
        name: Attribute(str(type), vars(cls).get(name, REQUIRED))
        for name, type in cls.__annotations__.items()
        if "ClassVar" not in str(type)
    }


# The methods, which read the class instead of being written for it.


def __init__(self: Attributed, *given: Any, **named: Any) -> None:
    if given:
        named |= _by_place(self, given, named)
    held = self.__dict__
    held.update(self.defaults, **named)  # in declared order
    if len(held) > len(self.defaults) or REQUIRED in held.values():
        raise IRError(_unfit(self, named))


def __eq__(self: Attributed, other: Any) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return bool(self.held(self) == self.held(other))


def __hash__(self: Attributed) -> int:
    return hash(self.held(self))


def __repr__(self: Attributed) -> str:
    held = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
    return f"{type(self).__name__}({held})"


def __setattr__(self: Attributed, name: str, value: object) -> None:
    raise _frozen(self, name)


def __delattr__(self: Attributed, name: str) -> None:
    raise _frozen(self, name)


# Errors.


def _by_place(op: Attributed, given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The names of what was given without one."""
    if len(given) > len(op.attributes):
        raise IRError(f"{op.name} cannot take {len(given)} attributes; {_listed(op)}")
    placed = dict(zip(op.attributes, given, strict=False))
    for name in placed.keys() & named.keys():
        raise IRError(
            f"{op.name} gets the attribute '{name}' twice: {placed[name]!r} and {named[name]!r}"
        )
    return placed


def _unfit(op: Attributed, named: Mapping[str, Any]) -> str:
    """What is wrong with these attributes."""
    for name in named:
        if name not in op.attributes:
            return f"{op.name} has no attribute '{name}'; {_listed(op)}"
    missing = next(n for n, d in op.defaults.items() if d is REQUIRED and n not in named)
    return f"{op.name} needs the attribute '{missing}'"


def _listed(op: Attributed) -> str:
    return f"its attributes are: {', '.join(op.attributes) or 'none'}"


def _frozen(op: Attributed, name: str) -> AttributeError:
    return AttributeError(
        f"{type(op).__name__}.{name} cannot change: an op's attributes are fixed; make another {type(op).__name__}"
    )
