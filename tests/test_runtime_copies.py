"""Objects made by native code are like those that Python makes, and belong to nobody else."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import numpy as np
import pytest

from tapeout.runtime.copies import Pattern, make_copier
from tapeout.runtime.object_layout import LayoutError


class Inner:
    __slots__ = ("left", "number", "right")

    def __init__(self) -> None:
        self.left, self.number = "left", 1


class Base:
    __slots__ = ("inner",)


class Outer(Base):
    __slots__ = ("__dict__", "__weakref__", "name")
    kind = "of the class"

    def __init__(self, inner: Any, name: str) -> None:
        self.inner, self.name = inner, name


INNER = Inner()
OUTER = Outer(INNER, "a name")


def test_slots_are_taken_over_or_new() -> None:
    numbers = iter(range(10, 20))
    new = {"inner": Pattern(INNER, {"number": numbers.__next__})}
    copier = make_copier("copier", Pattern(OUTER, new))
    first, second = copier(), copier()
    assert type(first) is Outer
    assert type(first.inner) is Inner
    assert (first.name, first.kind, first.inner.left) == ("a name", "of the class", "left")
    assert [first.inner.number, second.inner.number] == [10, 11]
    assert first is not second
    assert first.inner is not second.inner
    assert not hasattr(first.inner, "right")
    assert (INNER.number, OUTER.inner) == (1, INNER)


def test_a_copy_is_an_object_like_others() -> None:
    copy = make_copier("copier", Pattern(OUTER))()
    assert copy.inner is INNER
    copy.extra = 3
    assert vars(copy) == {"extra": 3}
    assert not vars(OUTER)
    gone = weakref.ref(copy)
    del copy
    assert gone() is None


def test_a_copy_in_a_circle_is_collected() -> None:
    copier = make_copier("copier", Pattern(OUTER, {"inner": Pattern(INNER)}))
    copy = copier()
    copy.inner.right = copy
    gone = weakref.ref(copy)
    del copy
    gc.collect()
    assert gone() is None


def test_nothing_is_kept_of_copies() -> None:
    marker, inner = "".join(["mark", "er"]), Inner()
    inner.left = marker
    outer = Outer(inner, marker)
    copier = make_copier("copier", Pattern(outer, {"inner": Pattern(inner, {"number": Inner})}))
    before = sys.getrefcount(marker), sys.getrefcount(Outer), sys.getrefcount(Inner)
    for _ in range(100):
        copier()
    assert before == (sys.getrefcount(marker), sys.getrefcount(Outer), sys.getrefcount(Inner))
    copies = [copier() for _ in range(100)]
    assert sys.getrefcount(marker) == before[0] + 200
    del copies
    assert sys.getrefcount(marker) == before[0]


def test_what_a_callable_raises_comes_out_and_leaves_nothing() -> None:
    marker = "".join(["mark", "er"])
    outer = Outer(INNER, marker)
    copier = make_copier("copier", Pattern(outer, {"inner": Pattern(INNER, {"left": [].pop})}))
    before = sys.getrefcount(marker)
    for _ in range(5):
        with pytest.raises(IndexError, match="pop from empty list"):
            copier()
    assert sys.getrefcount(marker) == before


def test_copies_are_counted() -> None:
    counted = np.array([40])
    copier = make_copier("copier", Pattern(INNER), counted.ctypes.data, keep=counted)
    assert [copier().number, copier().number] == [1, 1]
    assert counted.tolist() == [42]


def test_the_copier_keeps_what_it_copies() -> None:
    class Own:
        __slots__ = ("__weakref__", "thing")

    pattern = Own()
    pattern.thing = 5
    kept = weakref.ref(pattern)
    copier = make_copier("copier", Pattern(pattern))
    del pattern
    gc.collect()
    assert copier().thing == 5
    del copier
    gc.collect()
    assert kept() is None


def test_only_slots_can_be_new() -> None:
    with pytest.raises(LayoutError, match=r"Outer\.kind is no slot but a str"):
        make_copier("copier", Pattern(OUTER, {"kind": list}))
