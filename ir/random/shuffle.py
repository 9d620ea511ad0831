"""Fisher and Yates: step i of a shuffle swaps place i with place `targets[i]`, which is i or lies behind it.

After its own step a place is not touched again, so the result can be found without doing the swaps in turn, on whole
arrays, which is faster from about a thousand places on.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Int64s: TypeAlias = npt.NDArray[np.int64]

SHORT = 1000


def shuffled(targets: Int64s) -> Int64s:
    """0, 1, ... after so many steps; the place behind the last step is only swapped with."""
    return in_turn(targets) if targets.size < SHORT else at_once(targets)


def in_turn(targets: Int64s) -> Int64s:
    """Step by step."""
    order = list(range(targets.size + 1))
    for place, target in enumerate(targets.tolist()):
        order[place], order[target] = order[target], order[place]
    return np.array(order, dtype=np.int64)


def at_once(targets: Int64s) -> Int64s:
    """All steps together.

    Step i leaves at place i what lies at its target, and takes there what lay at place i. What lies at a target is
    therefore what the last step before with the same target took there, or the target's own number.
    """
    places = np.arange(targets.size)
    taken = _taken(places, targets)
    held, result, first = np.arange(taken.size), taken.copy(), np.empty_like(taken)
    while places.size:
        # The first step left for each target: of equal indices the last one counts in an assignment.
        first[targets[::-1]] = places[::-1]
        is_first = first.take(targets) == places
        now, later = np.flatnonzero(is_first), np.flatnonzero(~is_first)
        place, target = places.take(now), targets.take(now)
        result[place] = held.take(target)
        held[target] = taken.take(place)
        places, targets = places.take(later), targets.take(later)
    return result


def _taken(places: Int64s, targets: Int64s) -> Int64s:
    """What lies at each place when its own step begins.

    The last step that had it as its target took there what lay at that step's place, and so on back to a place that was
    no target; each round follows twice as many steps back.
    """
    source = np.arange(places.size + 1)
    moving = np.flatnonzero(targets != places)
    source[targets.take(moving)] = moving
    while True:
        further = source.take(source)
        if np.array_equal(further, source):
            return source
        source = further
