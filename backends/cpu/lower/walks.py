"""What an op that walks says of itself: what it gathers along its way, and what its result is then.

A walker is a generator. Each `yield` asks for something gathered from all elements, and is answered with one state per
vector of walks; what walkers ask for at the same time is gathered at once. It returns its result: `Once` per walk, or a
formula for `Each` element.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from ....ir import Op
from ..rows import Fold, State
from ..vector import Vector
from ..vector.kinds import constant
from .walks_spot import Operand, Spot, Term


@dataclass(frozen=True)
class Gathering:
    """A state that starts somewhere, takes in element after element, and is joined with others of its kind."""

    start: State
    visit: Callable[[State, Spot], State]
    join: Callable[[State, State], State]
    apart: bool = False
    """Is the result better the fewer elements follow each other?"""


class Once(NamedTuple):
    """The result is there once per walk."""

    numbers: list[Vector]


class Each(NamedTuple):
    """The result is there for each element."""

    formula: Term


Steps = Generator[Gathering, list[State], Once | Each]
Walker = Callable[..., Steps]
"""Called with the op and its operands."""


class Rule(NamedTuple):
    """A walker, and what is to be known before it runs."""

    walker: Walker
    full: bool
    """Is its result there for each element?"""
    passes: int
    """How often it gathers."""
    keeps: bool
    """Does it compute something for each element that is worth keeping?"""
    complaint: Callable[[Any, int], str] | None
    """What to say of refused operands, given the op and the length of a walk."""


WALKERS: dict[type[Op], Rule] = {}
Given = TypeVar("Given", bound=Walker)


def walks(
    *ops: type[Op],
    full: bool = False,
    passes: int = 1,
    keeps: bool = False,
    complaint: Callable[[Any, int], str] | None = None,
) -> Callable[[Given], Given]:
    """Register the walker of some ops."""

    def register(walker: Given) -> Given:
        WALKERS.update(dict.fromkeys(ops, Rule(walker, full, passes, keeps, complaint)))
        return walker

    return register


def folded(
    x: Operand, fold: Fold, term: Term | None = None
) -> Generator[Gathering, list[State], list[Vector]]:
    """The terms of all elements put together; of the operand's own elements, if nothing else is said."""
    of = term or x.at
    builder = x.builder

    def join(a: State, b: State) -> State:
        return (fold.join(builder, a[0], b[0]),)

    start = (constant(x.dtype, fold.start(x.dtype), x.lanes),)
    apart = fold.rounds and x.dtype.is_floating_point
    found = yield Gathering(start, lambda s, spot: join(s, (of(spot),)), join, apart)
    return [total for (total,) in found]
