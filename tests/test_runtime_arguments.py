"""What the entry of a program converts, what it refuses and with which words."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tapeout.runtime import entry
from tapeout.runtime.arguments import Argument, converted
from test_runtime_programs import COPY, F32, F64, I64, SIGNATURE, X, given_x, given_y, make, mixed


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


def test_exact_arrays_never_take_the_slow_path(monkeypatch: pytest.MonkeyPatch) -> None:
    step, _ = mixed()

    def slow(*_: object) -> None:
        raise AssertionError("this call was exact")

    monkeypatch.setattr(entry, "converted", slow)
    assert step(given_x(), given_y()) == 320.25
    with pytest.raises(AssertionError, match="this call was exact"):
        step(given_x().astype(F64), given_y())


class _Sub(np.ndarray):
    """A subclass, whose memory is as good."""


def _misaligned() -> np.ndarray:
    made = np.zeros(25, np.uint8)[1:].view(F32).reshape(2, 3)
    made[...] = given_x()
    assert not made.flags.aligned
    return made


CONVERTIBLE: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "transposed": (lambda: np.asfortranarray(given_x()), given_y),
    "strided": (lambda: np.repeat(given_x(), 2, 1)[:, ::2], lambda: np.repeat(given_y(), 3)[::3]),
    "reversed": (given_x, lambda: given_y()[::-1].copy()[::-1]),
    "foreign byte order": (lambda: given_x().astype(">f4"), lambda: given_y().astype(">i8")),
    "narrower": (lambda: given_x().astype("f2"), lambda: given_y().astype("i2")),
    "another kind that fits": (lambda: given_x().astype("i1"), lambda: given_y().astype("u4")),
    "another name for the dtype": (given_x, lambda: given_y().astype(np.longlong)),
    "misaligned": (_misaligned, given_y),
    "a subclass": (lambda: given_x().view(_Sub), given_y),
}


@pytest.mark.parametrize("x, y", CONVERTIBLE.values(), ids=CONVERTIBLE)
def test_what_loses_nothing_is_converted(
    path: str,
    x: Callable[[], object],
    y: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, _ = mixed()
    calls = []
    monkeypatch.setattr(entry, "converted", lambda *given: calls.append(given) or converted(*given))
    assert step(x(), y()) == 320.25
    assert len(calls) == 1  # the code never sees what is not exact


def test_what_is_only_read_may_be_read_only(path: str) -> None:
    step, _ = mixed()
    assert step(_frozen(), given_y()) == 320.25


def test_an_argument_of_foreign_byte_order_is_refused() -> None:
    foreign = F32.newbyteorder("S")
    with pytest.raises(ValueError, match=rf"'x' cannot have dtype {re.escape(foreign.str)}: comp"):
        Argument("x", foreign, (2,))


REFUSED: dict[str, tuple[object, object, str]] = {
    "a wider float": (
        given_x().astype(F64),
        given_y(),
        "'x', got float64[2,3]; convert it with .astype('fl",
    ),
    "a float for an integer": (
        given_x(),
        np.zeros(5, F32),
        "int64[5] for 'y', got float32[5]; convert",
    ),
    "an unsigned of the same size": (
        given_x(),
        given_y().astype("u8"),
        "for 'y', got uint64[5]; convert",
    ),
    "a complex": (given_x().astype("c8"), given_y(), "for 'x', got complex64[2,3]; convert"),
    "a transposed shape": (
        np.zeros((3, 2), F32),
        given_y(),
        "expected float32[2,3] for 'x', got float3",
    ),
    "fewer dimensions": (np.zeros(6, F32), given_y(), "for 'x', got float32[6]"),
    "more dimensions": (np.zeros((2, 3, 1), F32), given_y(), "for 'x', got float32[2,3,1]"),
    "a shorter array": (given_x(), given_y()[:4], "for 'y', got int64[4]"),
    "no dimensions": (given_x(), np.array(3), "expected int64[5] for 'y', got int64[]"),
    "swapped": (given_y(), given_x(), "for 'x', got int64[5]"),
    "a list": ([[1.0, 2, 3], [4, 5, 6]], given_y(), "for 'x', got an object of type list"),
    "a number": (given_x(), 3, "for 'y', got an object of type int"),
    "None": (None, given_y(), "for 'x', got an object of type NoneType"),
    "a masked array": (
        np.ma.masked_less(given_x(), 3),
        given_y(),
        "for 'x', got MaskedArray float32[2,3]",
    ),
    "strings": (np.full((2, 3), "a"), given_y(), "for 'x', got str32[2,3]"),
    "objects": (given_x().astype(object), given_y(), "for 'x', got object[2,3]"),
    "strided and wrong": (given_x().T, given_y(), "got float32[3,2] (not C-contiguous)"),
    "foreign and wrong": (
        np.zeros((2, 3), ">f8"),
        given_y(),
        "float64[2,3] (of foreign byte order)",
    ),
}


@pytest.mark.parametrize("x, y, complaint", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_by_name(
    path: str, x: object, y: object, complaint: str
) -> None:
    step, state = mixed()
    with pytest.raises(TypeError, match=re.escape(complaint)) as caught:
        step(x, y)
    assert str(caught.value).startswith("step() expected ")
    assert state[0] == 0.25


@pytest.mark.parametrize("count, were", [(0, "0 were"), (1, "1 was"), (3, "3 were")])
def test_the_wrong_number_of_arguments_is_refused(path: str, count: int, were: str) -> None:
    step, _ = mixed()
    message = f"step() takes 2 arguments ({SIGNATURE}), but {were} given"
    with pytest.raises(TypeError, match=re.escape(message)):
        step(*[given_x(), given_y(), given_x()][:count])


OUT = Argument("out", F32, (2, 3), writable=True)


def test_an_output_may_be_an_argument(path: str) -> None:
    copy = make(COPY.replace("%bytes", "24"), [X, OUT], [])
    out = np.zeros((2, 3), F32)
    assert copy(given_x(), out) is None
    assert np.array_equal(out, given_x())


def _frozen() -> np.ndarray:
    made = given_x()
    made.flags.writeable = False
    return made


UNWRITABLE: dict[str, tuple[np.ndarray, str]] = {
    "read-only": (_frozen(), "got float32[2,3] (read-only); the program writes into it"),
    "strided": (np.zeros((3, 2), F32).T, "got float32[2,3] (not C-contiguous); the program writes"),
    "wider": (np.zeros((2, 3)), "got float64[2,3]; the program writes into it, so it must be"),
}


@pytest.mark.parametrize("out, complaint", UNWRITABLE.values(), ids=UNWRITABLE)
def test_an_output_is_never_a_copy(path: str, out: np.ndarray, complaint: str) -> None:
    copy = make(COPY.replace("%bytes", "24"), [X, OUT], [])
    before = out.copy()
    with pytest.raises(TypeError, match=re.escape(complaint)):
        copy(given_x(), out)
    assert np.array_equal(out, before)


DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "?", ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_has_an_exact_form(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = (np.arange(6).reshape(3, 2) % 2).astype(dtype)
    target = np.zeros_like(given)
    argument = Argument("a", given.dtype, given.shape)
    copy = make(COPY.replace("%bytes", str(given.nbytes)), [argument], [target])
    monkeypatch.delattr(entry, "converted")
    assert copy(given) is None
    assert np.array_equal(given, target)


SCALAR = {
    "a Python float": (2.5, F64, 2.5),
    "a float that is rounded": (0.1, F32, float(np.float32(0.1))),
    "an int for a float": (3, F32, 3.0),
    "a bool for an int": (True, I64, 1),
    "a NumPy scalar": (np.float32(1.5), F64, 1.5),
}


@pytest.mark.parametrize("given, dtype, expected", SCALAR.values(), ids=SCALAR)
def test_a_number_may_stand_for_an_array_of_one_element(
    path: str, given: object, dtype: np.dtype[Any], expected: float
) -> None:
    result = np.zeros(1, dtype)
    argument = Argument("rate", dtype, ())
    copy = make(COPY.replace("%bytes", str(dtype.itemsize)), [argument], [result], scalar=result)
    assert copy(given) == expected
    assert copy(np.array(given).astype(dtype)) == expected


@pytest.mark.parametrize(
    "given, dtype", [(2.5, I64), (2**40, np.dtype("i4")), (-1, np.dtype("u1")), (1j, F32)]
)
def test_a_number_that_does_not_fit_is_refused(
    path: str, given: object, dtype: np.dtype[Any]
) -> None:
    copy = make(COPY.replace("%bytes", "1"), [Argument("rate", dtype, ())], [np.zeros(1)])
    with pytest.raises(TypeError, match=rf"expected {dtype}\[\] for 'rate', got an object of type"):
        copy(given)


def test_a_half_imported_module_of_masked_arrays_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "numpy.ma", ModuleType("numpy.ma"))
    (found,) = converted("program", [X], [given_x()])
    assert found is not None
