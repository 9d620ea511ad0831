"""Memory for programs: alignment, shapes, and poison."""

from __future__ import annotations

import numpy as np
import pytest

import tapeout
from tapeout import aligned


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 100_003])
def test_an_arena_is_aligned_and_of_the_size_asked_for(size: int) -> None:
    for _ in range(5):
        made = aligned.arena(size)
        assert made.nbytes == size
        assert made.dtype == np.uint8
        assert made.ctypes.data % 64 == 0


@pytest.mark.parametrize("shape, dtype", [((2, 3, 5), "f4"), ((), "f8"), ((0, 7), "i8")])
def test_arrays_are_aligned_and_contiguous(shape: tuple[int, ...], dtype: str) -> None:
    made = aligned.aligned_empty(shape, dtype)
    assert made.shape == shape
    assert made.dtype == np.dtype(dtype)
    assert made.flags.c_contiguous
    assert made.flags.writeable
    assert aligned.is_aligned(made)


def test_a_copy_of_a_strided_array_is_aligned_and_equal() -> None:
    source = np.arange(60, dtype=np.float32).reshape(3, 4, 5)[:, ::2, 1:].transpose(2, 0, 1)
    copy = aligned.aligned_copy(source)
    assert aligned.is_aligned(copy)
    assert copy.flags.c_contiguous
    assert np.array_equal(copy, source)
    copy[...] = 0
    assert source.any()


def test_is_aligned_says_no() -> None:
    assert not aligned.is_aligned(aligned.arena(128)[4:])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_poisoned_memory_is_nan(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    monkeypatch.setenv("TAPEOUT_POISON", "1")
    assert np.isnan(aligned.aligned_empty((3, 7), dtype)).all()


def test_poisoned_integers_are_minus_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEOUT_POISON", "1")
    assert (aligned.aligned_empty((5,), "i4") == -1).all()


@pytest.mark.parametrize("value, fills", [("1", 1), ("0", 0), ("", 0)])
def test_poison_is_off_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, value: str, fills: int
) -> None:
    asked: list[int] = []
    monkeypatch.setenv("TAPEOUT_POISON", value)
    monkeypatch.setattr(aligned, "_POISON_BYTE", _Noticed(asked))
    aligned.arena(10)
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
        aligned.arena(-1)


@pytest.mark.parametrize("shape", [(), (3,), (0, 5), (1023,), (1024,), (40, 50), (100, 3, 7)])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?"])
def test_a_filled_array_is_aligned_if_it_is_large(shape: tuple[int, ...], dtype: str) -> None:
    for _ in range(3):
        made = aligned.filled(shape, 1, dtype)
        np.testing.assert_array_equal(made, np.full(shape, 1, dtype))
        assert made.flags.c_contiguous
        assert made.flags.writeable
        assert made.nbytes < aligned.PAGE or aligned.is_aligned(made)


def test_parameters_and_optimizer_state_are_aligned() -> None:
    layer = tapeout.nn.Linear(60, 50)
    optimizer = tapeout.optim.Adam(layer.parameters())
    layer(tapeout.ones(2, 60)).sum().backward()
    optimizer.step()
    held = [layer.weight, *optimizer.state[layer.weight].values()]
    large = [tensor.detach().numpy() for tensor in held if tensor.numel() > 1000]
    assert len(large) == 3
    assert all(map(aligned.is_aligned, large))
