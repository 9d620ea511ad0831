"""Where the elements of an array go on the page: brackets, line breaks, and what is left out.

A page is laid out from texts that are already written and aligned, so nothing here knows numbers.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .print_elements import ElementTexts

GAP = "..."


@dataclass(frozen=True)
class Excerpt:
    """The elements of an array that are printed.

    `gaps` holds, for each dimension, the position at which elements were left out, or None.
    """

    values: NDArray[np.generic]
    gaps: tuple[int | None, ...]


@dataclass(frozen=True)
class Page:
    """The page's width, and that of the columns on it."""

    linewidth: float
    column: int

    def columns_after(self, indent: int) -> int:
        separated_column = self.column + len(", ")
        return max(1, math.floor((self.linewidth - indent) / separated_column))


def whole(array: NDArray[np.generic]) -> Excerpt:
    """All of an array."""
    return Excerpt(array, (None,) * array.ndim)


def edges(array: NDArray[np.generic], edgeitems: int) -> Excerpt:
    """The first and last `edgeitems` entries along each dimension that has more than those."""
    gaps = tuple(edgeitems if size > 2 * edgeitems else None for size in array.shape)
    kept = array
    for axis, gap in enumerate(gaps):
        if gap is not None:
            ends = (*range(gap), *range(-gap, 0))
            kept = np.take(kept, ends, axis=axis)
    return Excerpt(kept, gaps)


def lay_out(
    elements: ElementTexts, gaps: tuple[int | None, ...], indent: int, linewidth: float
) -> str:
    """Nested brackets around the elements; lines after the first start at column `indent`."""
    return _block(elements.texts, gaps, indent, Page(linewidth, elements.width))


def _block(
    texts: NDArray[np.object_], gaps: tuple[int | None, ...], indent: int, page: Page
) -> str:
    if texts.ndim == 0:
        return str(texts.item())
    if texts.ndim == 1:
        return _row(texts.tolist(), gaps[0], indent, page)
    blocks = [_block(inner, gaps[1:], indent + 1, page) for inner in texts]
    if gaps[0] is not None:
        blocks.insert(gaps[0], GAP)
    return _bracketed(blocks, indent, line_breaks=texts.ndim - 1)


def _row(cells: list[str], gap: int | None, indent: int, page: Page) -> str:
    if gap is not None:
        # One blank more than elsewhere, which sets the gap apart from its neighbours.
        cells.insert(gap, " " + GAP)
    per_line = page.columns_after(indent)
    lines = [", ".join(cells[at : at + per_line]) for at in range(0, len(cells), per_line)]
    return _bracketed(lines, indent, line_breaks=1)


def _bracketed(parts: list[str], indent: int, line_breaks: int) -> str:
    separator = "," + "\n" * line_breaks + " " * (indent + len("["))
    return "[" + separator.join(parts) + "]"
