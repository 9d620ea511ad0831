"""Entries whose arguments are objects that hold arrays; what goes the slow way; guards and failures."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapeout.runtime import entry
from tapeout.runtime.arguments import Argument
from tapeout.runtime.entry import Failure, patient
from tapeout.runtime.object_layout import LayoutError, Unwrap, slot_offset
from tapeout.runtime.turns import Turn
from test_runtime_programs import ALONE, AWAIT, COPY, I64, MIXED, X, Y, given_x, given_y, make


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("TAPEOUT_CACHE", raising=False)


class Inner:
    """What holds the array, and whether it may be used."""

    __slots__ = ("array", "closed", "note")
    array: object
    closed: object
    note: object


class Outer:
    """What a user has in hand."""

    __slots__ = ("__weakref__", "before", "inner")
    before: object
    inner: object


class Kind(Outer):
    """A subclass, which is another exact type."""

    __slots__ = ()


class Base:
    """What a compiled function is to its user."""

    step: Callable[..., Any]

    def slow(self, *_: object) -> str:
        return f"slow as {self}"


INNER, ARRAY = slot_offset(Outer, "inner"), slot_offset(Inner, "array")
UNWRAP = Unwrap(
    (Kind, Outer),
    (INNER, ARRAY),
    (((INNER, slot_offset(Inner, "closed")), False), ((INNER, slot_offset(Inner, "note")), None)),
)


def wrapped(array: object, cls: type[Outer] = Outer) -> Outer:
    outer, inner = cls(), Inner()
    outer.inner, inner.array, inner.closed, inner.note = inner, array, False, None
    return outer


def refusing(**options: Any) -> tuple[Callable[..., Any], list[Any]]:
    """The mixed program, and what reaches its slow way."""
    came: list[Any] = []

    def slow(*given: object, **named: object) -> str:
        came.append((given, named))
        return "slow"

    result = np.zeros(1)
    fixed = [np.array([0.25]), result]
    return make(MIXED, [X, Y], fixed, scalar=result, slow=slow, **options), came


# Slots.


def test_slots_are_found_where_they_are() -> None:
    names = ["array", "closed", "note"]
    assert sorted(slot_offset(Inner, name) for name in names) == [16, 24, 32]
    assert slot_offset(Kind, "inner") == slot_offset(Outer, "inner")
    assert slot_offset(Outer, "before") != slot_offset(Outer, "inner")


class Loose:
    here = 3


@pytest.mark.parametrize(
    "cls, name, kind",
    [(Loose, "here", "a int"), (Loose, "gone", "missing"), (type, "__basicsize__", "")],
)
def test_what_is_no_slot_is_refused(cls: type, name: str, kind: str) -> None:
    with pytest.raises(LayoutError, match=f"{cls.__name__}.{name} is no.* {kind}"):
        slot_offset(cls, name)


def test_a_slot_that_does_not_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapeout.runtime.object_layout._offset_of", lambda _: ARRAY + 8)
    with pytest.raises(LayoutError, match=r"slot Inner.array is not where .* CPython 3\."):
        slot_offset(Inner, "array")


@pytest.mark.parametrize(
    "parts, complaint",
    [
        (((), (16,)), "without types finds nothing"),
        (((Outer,), ()), r"one offset or more, not \(\)"),
        (((Outer,), (16,), (((), None),)), r"requirements at \[\(\)\]"),
    ],
)
def test_an_unwrap_that_leads_nowhere_is_refused(parts: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Unwrap(*parts)


# Objects as arguments.


@pytest.mark.parametrize("long", [False, True])
def test_the_arrays_in_objects_are_used(long: bool) -> None:
    step, came = refusing(unwrap=UNWRAP, long=long)
    x, y = wrapped(given_x(), Kind), wrapped(given_y())
    counts = sys.getrefcount(x.inner.array), sys.getrefcount(False)  # type: ignore[attr-defined]
    assert [step(x, y) for _ in range(3)] == [320.25, 321.25, 322.25]
    assert (sys.getrefcount(x.inner.array), sys.getrefcount(False)) == counts  # type: ignore[attr-defined]
    assert not came


def _without(outer: Outer, name: str) -> Outer:
    delattr(outer if name == "inner" else outer.inner, name)
    return outer


def _with(name: str, value: object) -> Outer:
    outer = wrapped(given_y())
    setattr(outer.inner, name, value)
    return outer


class Other(Outer):
    __slots__ = ()


TURNED_AWAY: dict[str, Callable[[], object]] = {
    "a bare array": given_y,
    "another class": lambda: wrapped(given_y(), Other),
    "no inner object": lambda: _without(wrapped(given_y()), "inner"),
    "no array": lambda: _without(wrapped(given_y()), "array"),
    "an array that is none": lambda: wrapped([1, 2, 3, 4, 5]),
    "None for an array": lambda: wrapped(None),
    "another dtype": lambda: wrapped(given_y().astype(np.int32)),
    "another shape": lambda: wrapped(given_y()[:4]),
    "a strided array": lambda: wrapped(np.repeat(given_y(), 2)[::2]),
    "closed": lambda: _with("closed", True),
    "closed by 0, which is not False": lambda: _with("closed", 0),
    "noted": lambda: _with("note", "a"),
    "a requirement that is empty": lambda: _without(wrapped(given_y()), "closed"),
    "an empty slot, which is not None": lambda: _without(wrapped(given_y()), "note"),
    "a number": lambda: 3,
    "None": lambda: None,
}


@pytest.mark.parametrize("given", TURNED_AWAY.values(), ids=TURNED_AWAY)
@pytest.mark.parametrize("long", [False, True])
def test_everything_else_goes_the_slow_way(given: Callable[[], object], long: bool) -> None:
    step, came = refusing(unwrap=UNWRAP, long=long)
    x, y = wrapped(given_x()), given()
    assert step(x, y) == "slow"
    assert came[0][0][0] is x
    assert came[0][0][1] is y
    assert step(x, wrapped(given_y())) == 320.25  # the program was left as it was


def test_an_array_stays_while_the_program_runs() -> None:
    """Another thread gives the object another array meanwhile."""
    flag = np.zeros(1, I64)
    arrays = [np.zeros(1, I64)]
    gone = weakref.ref(arrays[0])
    outer = wrapped(arrays.pop())
    seen: list[bool] = []

    def replace() -> None:
        time.sleep(0.02)
        outer.inner.array = None  # type: ignore[attr-defined]
        seen.append(gone() is not None)
        flag[0] = 7

    # Waits for buffer 0: the argument would be first, so the flag is one too.
    arguments = [Argument("flag", I64, (1,)), Argument("came", I64, (1,), writable=True)]
    step = make(AWAIT, arguments, [], unwrap=UNWRAP, slow=lambda *_: None, long=True)
    other = threading.Thread(target=replace)
    other.start()
    step(wrapped(flag), outer)
    other.join()
    assert seen == [True]
    assert gone() is None


# The slow way.


@pytest.mark.parametrize(
    "given, named",
    [((), {}), ((1,), {}), ((1, 2, 3), {}), ((), {"x": 1, "y": 2}), ((1,), {"y": 2})],
)
def test_other_counts_and_keywords_go_the_slow_way(
    given: tuple[int, ...], named: dict[str, int]
) -> None:
    step, came = refusing()
    assert step(*given, **named) == "slow"
    assert came == [(given, named)]


def test_exact_arrays_with_a_keyword_go_the_slow_way() -> None:
    step, came = refusing()
    assert step(given_x(), given_y(), extra=1) == "slow"
    assert came[0][1] == {"extra": 1}
    assert step(given_x(), given_y()) == 320.25


def test_an_exception_on_the_slow_way_is_raised() -> None:
    def slow(*_: object) -> None:
        raise KeyError("not this")

    step = make(COPY.replace("%bytes", "8"), [X], [np.zeros(1)] * 2, slow=slow, finish=list)
    for _ in range(3):
        with pytest.raises(KeyError, match="not this"):
            step()
        assert step(given_x()) == []


@pytest.mark.parametrize("known", [True, False])
def test_the_slow_way_may_run_the_program(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "_layout_is_usable", lambda: known)
    result = np.zeros(1)

    def slow(x: Outer, y: Outer) -> Any:
        return patient(step)(x.inner.array, y.inner.array)  # type: ignore[attr-defined]

    fixed = [np.array([0.25]), result]
    step = make(MIXED, [X, Y], fixed, scalar=result, unwrap=UNWRAP, slow=slow)
    narrow = wrapped(given_y().astype(np.int32))
    assert step(wrapped(given_x()), narrow) == 320.25
    assert step(wrapped(given_x()), wrapped(given_y())) == 321.25


def test_without_layout_keywords_are_refused_as_by_a_builtin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entry, "_layout_is_usable", lambda: False)
    step = make(COPY.replace("%bytes", "8"), [X], [np.zeros(1)] * 2)
    with pytest.raises(TypeError, match=r"step\(\) takes no keyword arguments"):
        step(x=given_x())


@pytest.mark.parametrize("options", [{"unwrap": UNWRAP}, {"guards": [(8, 8)]}], ids=list)
def test_what_turns_calls_away_needs_a_slow_way(options: Any) -> None:
    (what,) = options
    with pytest.raises(ValueError, match=rf"step\(\) has {what}, so it needs `slow`"):
        make(COPY.replace("%bytes", "0"), [], [], **options)


def test_a_cycle_through_the_slow_way_is_collected() -> None:
    model = Base()
    model.step = make(COPY.replace("%bytes", "8"), [X], [np.zeros(1)] * 2, slow=model.slow)
    gone = weakref.ref(model)
    del model
    assert gone() is not None
    gc.collect()
    assert gone() is None


# Guards.


@pytest.mark.parametrize("changed", range(6))
def test_any_pair_of_words_that_differ_closes_the_fast_way(changed: int) -> None:
    words = np.array([[5, 5], [-7, -7], [0, 0]], np.int64)
    at = words.ctypes.data
    step, came = refusing(guards=[(at + 16 * i, at + 16 * i + 8) for i in range(3)])
    assert step(given_x(), given_y()) == 320.25
    words.flat[changed] += 2**40
    assert step(given_x(), given_y()) == "slow"
    assert len(came) == 1
    words.flat[changed ^ 1] += 2**40
    assert step(given_x(), given_y()) == 321.25


# Failures.


def _failing(word: np.ndarray, report: Callable[[], object], **options: Any) -> Any:
    """Copies its argument to the word."""
    return make(
        COPY.replace("%bytes", "8"),
        [Argument("code", I64, ())],
        [word],
        failure=Failure(word.ctypes.data, report),
        **options,
    )


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("long", [False, True])
def test_a_failure_is_reported_in_place_of_the_result(
    known: bool, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "_layout_is_usable", lambda: known)
    word = np.zeros(1, np.int64)

    def report() -> None:
        raise IndexError(f"code {word[0]}")

    step = _failing(word, report, finish=lambda: "well", long=long)
    assert step(np.array(0)) == "well"
    for code in (3, 2**40, -1):
        with pytest.raises(IndexError, match=f"code {code}"):
            step(np.array(code))
    assert step(np.array(0)) == "well"


def test_a_failure_is_reported_where_a_number_is_returned() -> None:
    word = np.zeros(1, np.int64)
    step = _failing(word, lambda: "reported", scalar=word)
    assert [step(np.array(code)) for code in (0, 4)] == [0, "reported"]


# Turns.


@pytest.mark.parametrize("options", [[False, False], [False, True], [True, True]])
def test_programs_that_share_a_turn_wait_for_each_other(options: list[bool]) -> None:
    counters, work, turn = np.zeros(2, I64), np.zeros(1, I64), Turn()
    steps = [make(ALONE, [], [counters, work], turn=turn, long=long) for long in options]
    callers = [
        threading.Thread(target=lambda step=step: [step() for _ in range(40)]) for step in steps * 2
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert counters.tolist() == [0, 1]
    assert not turn.is_taken


def test_a_call_waits_while_another_finishes() -> None:
    """`finish` lets other threads run, and must find what its own run left."""
    target = np.zeros(1)

    def finish() -> float:
        time.sleep(0.001)
        return float(target[0])

    copy = make(
        COPY.replace("%bytes", "8"), [Argument("a", target.dtype, (1,))], [target], finish=finish
    )
    wrong: list[float] = []

    def call(number: float) -> None:
        for _ in range(20):
            wrong.extend({copy(np.array([number]))} - {number})

    callers = [threading.Thread(target=call, args=(float(n),)) for n in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert not wrong


@pytest.mark.parametrize("slow", [None, lambda *_: "slow"], ids=["alone", "with a slow way"])
def test_a_call_that_interrupts_a_call_is_refused(slow: Any) -> None:
    """It would wait for itself."""
    calls: list[Any] = []

    def finish() -> str:
        with pytest.raises(RuntimeError, match="called by something that interrupted a call of it"):
            calls[0](np.zeros(1))
        return "finished"

    copy = COPY.replace("%bytes", "8")
    argument = Argument("a", np.dtype(float), (1,))
    calls.append(make(copy, [argument], [np.zeros(1)], finish=finish, slow=slow))
    assert [calls[0](np.zeros(1)) for _ in range(3)] == ["finished"] * 3
    # The patient way leads to the same program.
    assert patient(calls[0])(np.zeros(1)) == "finished"


# As the call of an instance.


def test_an_entry_may_be_the_call_of_an_instance() -> None:
    step, came = refusing(unwrap=UNWRAP)
    function = type("Function", (Base,), {"__call__": step})()
    assert function(wrapped(given_x()), wrapped(given_y())) == 320.25
    assert function(1, y=2) == "slow"
    assert came == [((1,), {"y": 2})]


def test_only_the_thread_that_may_comes_by_the_fast_way() -> None:
    word = np.zeros(1, np.int64)
    copy = make(
        COPY.replace("%bytes", "8"),
        [Argument("a", np.dtype(float), (1,))],
        [np.zeros(1)],
        slow=lambda *_: "slow",
        thread=word.ctypes.data,
    )
    assert copy(np.zeros(1)) == "slow"
    word[0] = threading.get_ident()
    assert copy(np.zeros(1)) is None
    found: list[Any] = []
    other = threading.Thread(target=lambda: found.append(copy(np.zeros(1))))
    other.start()
    other.join(20)
    assert found == ["slow"]
