"""What the entry of a program returns, how it runs parts, and what it keeps alive."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

from tapeout.aligned import aligned_empty
from tapeout.runtime import array_layout, entry, pool
from tapeout.runtime.assemble import assemble
from test_runtime_programs import (
    ALONE,
    AWAIT,
    COPY,
    F32,
    I64,
    MEETING,
    X,
    given_x,
    given_y,
    make,
    mixed,
)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("TAPEOUT_CACHE", raising=False)


@pytest.fixture(params=["builtin", "ctypes"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in: the builtin, and the one that is left where the layout of arrays is unknown."""
    if request.param == "ctypes":
        monkeypatch.setattr(entry, "_layout_is_usable", lambda: False)
    return str(request.param)


RETURNED: dict[str, tuple[np.ndarray, object]] = {
    "float32": (np.array([0.1], F32), float(np.float32(0.1))),
    "float64": (np.array([0.1]), 0.1),
    "int64": (np.array([-(2**40)]), -(2**40)),
    "true": (np.array([True]), True),
    "false": (np.array([False]), False),
}


@pytest.mark.parametrize("value, expected", RETURNED.values(), ids=RETURNED)
def test_a_scalar_comes_back_as_a_python_number(
    path: str, value: np.ndarray, expected: object
) -> None:
    result = np.zeros_like(value)
    copy = make(COPY.replace("%bytes", str(value.nbytes)), [], [value, result], scalar=result)
    found = copy()
    assert found == expected
    assert type(found) is type(expected)


def test_a_scalar_of_another_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match="a scalar of dtype int16 cannot be returned; use float32"):
        make(COPY.replace("%bytes", "2"), [], [], scalar=np.zeros(1, np.int16))


def test_without_outputs_none_is_returned(path: str) -> None:
    source, target = np.arange(15.0).reshape(3, 5), np.zeros((3, 5))
    copy = make(COPY.replace("%bytes", "120"), [], [source, target])
    for _ in range(3000):  # enough calls to free None, if each forgot to own what it returns
        assert copy() is None
    assert np.array_equal(source, target)


@pytest.mark.parametrize("long", [False, True])
def test_what_finish_makes_is_returned(path: str, long: bool) -> None:
    target = aligned_empty((2, 3), F32)
    program = COPY.replace("%bytes", "24")
    copy = make(program, [X], [target], finish=target.copy, long=long)
    first = copy(given_x())
    second = copy(given_x() * 2)
    assert np.array_equal(first, given_x())
    assert np.array_equal(second, given_x() * 2)


@pytest.mark.parametrize("long", [False, True])
def test_an_exception_in_finish_is_raised_and_the_program_can_be_called_again(
    path: str, long: bool
) -> None:
    moods = iter([KeyError("first"), None])

    def finish() -> str:
        mood = next(moods)
        if mood:
            raise mood
        return "made"

    step = make(COPY.replace("%bytes", "0"), [], [np.zeros(1)] * 2, finish=finish, long=long)
    with pytest.raises(KeyError, match="first"):
        step()
    assert step() == "made"


def test_a_scalar_and_finish_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="both a scalar and what `finish` makes"):
        make(COPY.replace("%bytes", "0"), [], [], scalar=np.zeros(1), finish=list)


@pytest.mark.parametrize("parts, threads", [(1, 2), (2, 2), (3, 3), (3, 2), (2, 1)])
@pytest.mark.parametrize("long", [False, True])
def test_parts_run_at_the_same_time_and_meet_at_barriers(
    path: str, parts: int, threads: int, long: bool
) -> None:
    before = pool.get_num_threads()
    pool.set_num_threads(threads)
    try:
        cells = np.zeros((parts, 2), I64)
        step = make(MEETING, [], [cells], parts=parts, long=long)
        for _ in range(50):
            cells.fill(0)
            step()
            there = min(parts, threads)
            expected = [[part + 10, (part + 1) % there + 10] for part in range(there)]
            assert cells[:there].tolist() == expected
            assert not cells[there:].any()
    finally:
        pool.set_num_threads(before)


@pytest.mark.parametrize("long", [False, True])
def test_only_a_long_program_lets_other_python_threads_run(long: bool) -> None:
    flag, came = np.zeros(1, I64), np.zeros(1, I64)
    step = make(AWAIT, [], [flag, came], scalar=came, long=long)
    setter = threading.Timer(0.02, lambda: flag.__setitem__(0, 7))
    setter.start()
    assert step() == (7 if long else 0)
    setter.join()


def test_a_long_program_serves_one_call_at_a_time() -> None:
    counters, work = np.zeros(2, I64), np.zeros(1, I64)
    step = make(ALONE, [], [counters, work], long=True)
    callers = [threading.Thread(target=lambda: [step() for _ in range(20)]) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert counters.tolist() == [0, 1]


def test_fixed_arrays_and_code_live_as_long_as_the_function() -> None:
    step, state = mixed()
    result_holder = weakref.ref(step.__self__)
    alive = weakref.ref(state)
    del state
    gc.collect()
    assert step(given_x(), given_y()) == 320.25
    assert alive() is not None
    gc.disable()
    try:
        del step
        assert alive() is None  # by reference counts alone: there is no cycle
        assert result_holder() is None
    finally:
        gc.enable()


def test_fixed_arrays_must_be_contiguous() -> None:
    with pytest.raises(ValueError, match=r"fixed array 1 of step\(\) is not C-contiguous"):
        make(COPY.replace("%bytes", "0"), [], [np.zeros(3), np.zeros((2, 3)).T])


def test_the_number_of_parts_is_at_least_one() -> None:
    with pytest.raises(ValueError, match=r"step\(\) cannot run in 0 parts"):
        make(COPY.replace("%bytes", "0"), [], [], parts=0)


def test_an_unknown_layout_of_arrays_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_layout, "NDIM", 28)
    array_layout.layout_is_known.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="not laid out as compiled code expects"):
            step, _ = mixed()
    finally:
        array_layout.layout_is_known.cache_clear()
    assert isinstance(step, entry.Slow)
    assert step(given_x(), given_y()) == 320.25


def test_two_entries_of_the_same_signature_share_their_code() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, state = mixed()
        before = assemble.cache_info().misses
        second, other_state = mixed()
    assert assemble.cache_info().misses == before
    first(given_x(), given_y())
    second(given_x(), given_y())
    second(given_x(), given_y())
    assert (state[0], other_state[0]) == (1.25, 2.25)
