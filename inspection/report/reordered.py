"""Which of some things changed places: all but the most that can stay in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def reordered(places: Sequence[int]) -> list[int]:
    """The indices that are in no longest rising subsequence (of several, in one of them)."""
    lasts: list[int] = []
    """The smallest place in which a rising run of each length ends."""
    ends: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(lasts, place)
        before.append(ends[length - 1] if length else -1)
        lasts[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    staying, index = set(), ends[-1] if ends else -1
    while index >= 0:
        staying.add(index)
        index = before[index]
    return [index for index in range(len(places)) if index not in staying]
