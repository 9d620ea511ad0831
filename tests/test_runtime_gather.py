"""Gathering rows by an index: beside NumPy, in any number of parts, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapeout.runtime import pool
from tapeout.runtime.gather import gather_rows
from tapeout.runtime.gather_ir import AHEAD_BYTES, rows_ahead


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = pool.get_num_threads()
    pool.set_num_threads(3)
    yield
    pool.set_num_threads(before)


def numbered(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    count = int(np.prod(shape))
    return (np.arange(count) * 37 % 251).astype(dtype).reshape(shape)


# Rows of 1, 4, 24, 63, 64, 65, 128, 200 and 5000 bytes; none at all; more dimensions.
SHAPES = [((9,), "u1"), ((9,), "f4"), ((9, 3), "i8"), ((9, 63), "u1"), ((9, 64), "u1")]
SHAPES += [((9, 65), "u1"), ((9, 16), "f8"), ((9, 5, 10), "f4"), ((9, 5000), "u1"), ((9, 0), "f4")]


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("shape, dtype", SHAPES, ids=str)
def test_rows_are_those_that_the_index_names(
    shape: tuple[int, ...], dtype: str, parts: int
) -> None:
    source = numbered(shape, dtype)
    index = np.array([8, 0, 3, 3, 7, 1, 8, 2, 5, 4, 6])
    room = np.full((13, *shape[1:]), 99, dtype)
    gather_rows(source, index, room[1:12], parts)
    assert np.array_equal(room[1:12], source[index])
    assert (room[[0, 12]] == 99).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_there_may_be_fewer_rows_than_parts(count: int) -> None:
    source, index = numbered((7, 20), "f4"), np.arange(count) + 4
    out = np.zeros((count, 20), np.float32)
    gather_rows(source, index, out, 3)
    assert np.array_equal(out, source[index])


def test_rows_are_asked_for_some_bytes_ahead() -> None:
    assert [rows_ahead(size) for size in (1, AHEAD_BYTES // 3, 10**6)] == [AHEAD_BYTES, 4, 1]


@pytest.mark.parametrize("index, at, number", [([0, 7], 1, 7), ([-1, 2], 0, -1)])
def test_an_index_that_leads_outside_is_refused(index: list[int], at: int, number: int) -> None:
    complaint = re.escape(f"index[{at}] is {number}, but there are 7 rows")
    with pytest.raises(IndexError, match=complaint):
        gather_rows(np.zeros((7, 2)), np.array(index), np.zeros((2, 2)))


TABLE = np.zeros((7, 2), np.float32)
REFUSED: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, str]] = {
    "an index of int32": (
        TABLE,
        np.zeros(3, np.int32),
        TABLE[:3].copy(),
        "must be .* not int32[3]",
    ),
    "a strided index": (TABLE, np.zeros(6, int)[::2], TABLE[:3].copy(), "with strides (16,)"),
    "two dimensions": (TABLE, np.zeros((3, 1), int), TABLE[:3].copy(), "not int64[3, 1]"),
    "a strided source": (TABLE.T, np.zeros(3, int), np.zeros((3, 7)), "strides (4, 8); it must be"),
    "a scalar": (np.array(3.0), np.zeros(3, int), np.zeros(3), "shape () and strides ()"),
    "too little room": (TABLE, np.zeros(3, int), TABLE[:2].copy(), "need a writable C-contiguous"),
    "another dtype": (TABLE, np.zeros(3, int), np.zeros((3, 2)), "not float64[3, 2]"),
    "the source itself": (TABLE, np.zeros(3, int), TABLE[:3], "into the array that they come from"),
}


@pytest.mark.parametrize("source, index, out, complaint", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_gathered_is_refused(
    source: np.ndarray, index: np.ndarray, out: np.ndarray, complaint: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint).replace(r"\.\*", ".*")):
        gather_rows(source, index, out)


def test_the_number_of_parts_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="gathered in 0 parts"):
        gather_rows(TABLE, np.zeros(3, int), TABLE[:3].copy(), 0)
