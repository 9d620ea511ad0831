"""Memory for programs: alignment, shapes, and poison."""

from __future__ import annotations

import numpy as np
import pytest

from tapeout.runtime import arena


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 100_003])
def test_an_arena_is_aligned_and_of_the_size_asked_for(size: int) -> None:
    for _ in range(5):
        made = arena.arena(size)
        assert made.nbytes == size
        assert made.dtype == np.uint8
        assert made.ctypes.data % 64 == 0


@pytest.mark.parametrize("shape, dtype", [((2, 3, 5), "f4"), ((), "f8"), ((0, 7), "i8")])
def test_arrays_are_aligned_and_contiguous(shape: tuple[int, ...], dtype: str) -> None:
    made = arena.aligned_empty(shape, dtype)
    assert made.shape == shape
    assert made.dtype == np.dtype(dtype)
    assert made.flags.c_contiguous
    assert made.flags.writeable
    assert arena.is_aligned(made)


def test_a_copy_of_a_strided_array_is_aligned_and_equal() -> None:
    source = np.arange(60, dtype=np.float32).reshape(3, 4, 5)[:, ::2, 1:].transpose(2, 0, 1)
    copy = arena.aligned_copy(source)
    assert arena.is_aligned(copy)
    assert copy.flags.c_contiguous
    assert np.array_equal(copy, source)
    copy[...] = 0
    assert source.any()


def test_is_aligned_says_no() -> None:
    assert not arena.is_aligned(arena.arena(128)[4:])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_poisoned_memory_is_nan(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    monkeypatch.setenv("TAPEOUT_POISON", "1")
    assert np.isnan(arena.aligned_empty((3, 7), dtype)).all()


def test_poisoned_integers_are_minus_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEOUT_POISON", "1")
    assert (arena.aligned_empty((5,), "i4") == -1).all()


@pytest.mark.parametrize("value, fills", [("1", 1), ("0", 0), ("", 0)])
def test_poison_is_off_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, value: str, fills: int
) -> None:
    asked: list[int] = []
    monkeypatch.setenv("TAPEOUT_POISON", value)
    monkeypatch.setattr(arena, "_POISON_BYTE", _Noticed(asked))
    arena.arena(10)
    assert len(asked) == fills


class _Noticed:
    """A number that notes each time it is used as one."""

    def __init__(self, asked: list[int]) -> None:
        self.asked = asked

    def __index__(self) -> int:
        self.asked.append(1)
        return 255

    __int__ = __index__


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"an arena of -1 bytes cannot be allocated"):
        arena.arena(-1)
