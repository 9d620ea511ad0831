"""What comparisons with PyTorch are written in: tensors to be made, calls to be tried, how to compare answers.

A `T` stands for a tensor in a call's arguments; `make` turns it into a real one of either library, with equal values.
A function is named by its path in the library ("add", ".add" for the method), or is a callable `f(lib, *args)`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
NUMPY = {
    "bool": np.dtype(np.bool_), "uint8": np.dtype(np.uint8), "int8": np.dtype(np.int8),
    "int16": np.dtype(np.int16), "int32": np.dtype(np.int32), "int64": np.dtype(np.int64),
    "float16": np.dtype(np.float16), "bfloat16": BFLOAT16, "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}  # fmt: skip
FLOATS = ("float32", "float64", "float16", "bfloat16")
WIDE = ("float32", "float64")
INTEGERS = ("int64", "int32", "uint8")
NUMBERS = ("float32", "float64", "int64", "int32", "uint8", "float16", "bfloat16")
EVERY = (*NUMBERS, "bool")
SPECIAL = (
    float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1.0, -1.0,
    1e-4, 30.0, -30.0,
)  # fmt: skip


class T(NamedTuple):
    """A tensor to be made: random values of [low, high), or the values given."""

    shape: tuple[int, ...]
    dtype: str | None = None
    """None: whatever dtype the call is tried in."""
    low: float = -3.0
    high: float = 3.0
    data: Any = None
    turned: bool = False
    """Laid out in memory with its dimensions reversed."""

    def array(self, dtype: str, position: int) -> np.ndarray[Any, Any]:
        kind = NUMPY[self.dtype or dtype]
        if self.data is not None:
            return _fitting(np.array(self.data), kind)
        rng = np.random.default_rng(zlib.crc32(repr((position, self.shape, self.low)).encode()))
        shape = self.shape[::-1] if self.turned else self.shape
        drawn = _drawn(rng, kind, self.low, self.high, shape)
        return drawn.T if self.turned else drawn


def _fitting(data: np.ndarray[Any, Any], kind: Any) -> np.ndarray[Any, Any]:
    """Given values as a dtype that may not hold NaN, infinity or a minus sign."""
    if kind.kind in "iu" and data.dtype.kind == "f":
        data = np.nan_to_num(data, nan=9, posinf=99, neginf=-99)
    return np.asarray((np.abs(data) if kind.kind == "u" else data).astype(kind))


def _drawn(rng: Any, kind: Any, low: float, high: float, shape: tuple[int, ...]) -> Any:
    if kind.kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if kind.kind in "iu":
        first = max(low, 0) if kind.kind == "u" else low
        return np.asarray(rng.integers(int(first), max(int(high), int(first) + 1), shape), kind)
    return np.asarray(rng.uniform(low, high, shape)).astype(kind)


def t(*shape: int, dtype: str | None = None, low: float = -3.0, high: float = 3.0) -> T:
    return T(shape, dtype, low, high)


def ints(*shape: int, high: int, low: int = 0) -> T:
    return T(shape, "int64", low, high)


def bools(*shape: int) -> T:
    return T(shape, "bool")


def given(data: Any, dtype: str | None = None) -> T:
    return T(np.shape(data), dtype, data=data)


special = given(SPECIAL)


class Call(NamedTuple):
    """Arguments for a function."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


class Entry(NamedTuple):
    """A function of the table, and calls to try it with."""

    name: str
    calls: tuple[Call, ...]
    dtypes: tuple[str, ...] = EVERY
    path: Any = None
    """Where the function is, if not under its name: a path, or `f(lib, *args)`."""
    grad: bool = True
    """Compare gradients, and trace them."""
    grad_dtypes: tuple[str, ...] = WIDE
    node: bool = True
    """Compare the name of the result's graph node."""
    loose: float = 1.0
    """How much wider than usual results may differ."""
    signs: bool = True
    """Compare the signs of zeros."""
    trace: bool = True

    def function(self, lib: Any) -> Callable[..., Any]:
        return find(lib, self.path or self.name)


def find(lib: Any, path: Any) -> Callable[..., Any]:
    """The function that a path names in a library."""
    if callable(path):
        return lambda *args, **kwargs: path(lib, *args, **kwargs)
    if path.startswith("."):
        return lambda self, *args, **kwargs: getattr(self, path[1:])(*args, **kwargs)
    home = lib
    for part in path.split("."):
        home = getattr(home, part)
    return home


# ---- making


def to_torch(torch: Any, array: np.ndarray[Any, Any]) -> Any:
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def to_tapeout(tapeout: Any, array: np.ndarray[Any, Any]) -> Any:
    return tapeout.from_numpy(array)


def make(lib: Any, value: Any, dtype: str, position: int = 0) -> Any:
    """An argument for a library: its tensor for a `T`, its dtype for a `lib.` name, containers searched."""
    if isinstance(value, T):
        array = value.array(dtype, position)
        return (to_torch if lib.__name__ == "torch" else to_tapeout)(lib, array)
    if isinstance(value, str) and value.startswith("lib."):
        return getattr(lib, value[4:])
    if isinstance(value, (list, tuple)) and not isinstance(value, T):
        return type(value)(make(lib, v, dtype, 7 * position + i) for i, v in enumerate(value))
    return value


def made(lib: Any, sample: Call, dtype: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    args = tuple(make(lib, a, dtype, i) for i, a in enumerate(sample.args, 1))
    return args, {k: make(lib, v, dtype, 50) for k, v in sample.kwargs.items()}


def tensors_in(lib: Any, *values: Any) -> Iterator[Any]:
    """Every tensor among values, containers searched."""
    for value in values:
        if isinstance(value, lib.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(lib, *value)
        elif isinstance(value, dict):
            yield from tensors_in(lib, *value.values())


# ---- comparing

TOLERANCE = {"float64": 2e-13, "float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}


def dtype_name(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def values_of(lib: Any, tensor: Any) -> np.ndarray[Any, Any]:
    tensor = tensor.detach()
    if lib.__name__ == "torch" and tensor.dtype is lib.bfloat16:
        return tensor.view(lib.int16).numpy().view(BFLOAT16)  # type: ignore[no-any-return]
    return tensor.numpy()  # type: ignore[no-any-return]


def assert_same(
    tapeout: Any, torch: Any, ours: Any, theirs: Any, loose: float = 1.0, signs: bool = True
) -> None:
    """The same kind of thing, of the same dtype and shape, with the same values."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, tapeout.Tensor), f"{type(ours)} instead of a tensor"
        assert dtype_name(ours) == dtype_name(theirs)
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert_close(
            values_of(tapeout, ours), values_of(torch, theirs), dtype_name(theirs), loose, signs
        )
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_same(tapeout, torch, mine, other, loose, signs)
    elif isinstance(theirs, torch.dtype):
        assert str(ours) == str(theirs)
    elif theirs is None or isinstance(theirs, (bool, str, int)):
        assert ours == theirs
        assert type(ours) is type(theirs)
    else:
        assert ours == theirs or (ours != ours and theirs != theirs)


def assert_close(ours: Any, theirs: Any, dtype: str, loose: float, signs: bool) -> None:
    if dtype not in TOLERANCE:
        np.testing.assert_array_equal(ours, theirs)
        return
    rtol = TOLERANCE[dtype] * loose
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    np.testing.assert_allclose(a, b, rtol, rtol, equal_nan=True)
    if not signs:
        return
    zero = (a == 0) & (b == 0)
    np.testing.assert_array_equal(np.signbit(a) & zero, np.signbit(b) & zero, "signs of zeros")


def assert_identical(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> None:
    """Bit for bit (any NaN is as good as another)."""
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    both_nan = (a != a) & (b != b)
    raw = np.dtype(f"V{a.itemsize}")
    same = np.ascontiguousarray(a).view(raw) == np.ascontiguousarray(b).view(raw)
    assert np.all(same | both_nan), f"{a} differs from {b}"
