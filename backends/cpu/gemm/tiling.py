"""A way to do a product, and how lengths are cut into tiles and panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["broadcast", "dot"]


@dataclass(frozen=True)
class Tiling:
    """One way to do a product.

    "broadcast" multiplies elements of a by vectors along the columns of b; "dot" multiplies vectors along k of both.
    A turned product computes the transposed result, tile by tile, and transposes the tiles in registers.
    """

    method: Method
    height: int
    width: int
    lanes: int
    packed: bool = False
    """Panels of b are copied before use."""
    copied: bool = False
    """So are all rows of a."""
    turned: bool = False


@dataclass(frozen=True)
class Cut:
    """A length in pieces: `count` of them, each `size` long but for the last ones."""

    count: int
    size: int
    large: int
    """How many have the full size."""
    small: int
    """The size of the others."""

    def pieces(self) -> list[tuple[int, int]]:
        """Sizes, and how many there are of each."""
        found = [(self.size, self.large), (self.small, self.count - self.large)]
        return [(size, count) for size, count in found if count]


def evenly(length: int, largest: int) -> Cut:
    """As few pieces as possible, whose sizes differ by one at most."""
    count = -(-length // largest)
    size = -(-length // max(count, 1))
    return Cut(count, size, length - count * (size - 1), size - 1)


def with_rest(length: int, size: int) -> Cut:
    """Full pieces and a rest."""
    count, rest = -(-length // size), length % size
    return Cut(count, size, length // size, rest)


def cut_rows(rows: int, tiling: Tiling) -> Cut:
    """The rows of tiles; copied rows begin at multiples of the height."""
    return with_rest(rows, tiling.height) if tiling.copied else evenly(rows, tiling.height)


def power_above(count: int) -> int:
    """The smallest power of two that is not less."""
    return 1 << max(count - 1, 0).bit_length()


@dataclass(frozen=True)
class Span:
    """One vector of a row: where it begins, how many lanes it has, and how many of them are real."""

    offset: int
    lanes: int
    count: int


def spans(columns: int, lanes: int) -> list[Span]:
    """Columns as full vectors and a last one as narrow as will do."""
    made = [Span(start, lanes, lanes) for start in range(0, columns - lanes + 1, lanes)]
    rest = columns % lanes
    if rest:
        made.append(Span(columns - rest, power_above(rest), rest))
    return made
