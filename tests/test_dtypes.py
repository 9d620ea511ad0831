"""Promotion against PyTorch, exhaustively: every pair of dtypes, as tensors, 0-dim tensors and Python numbers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_same, dtype_name, values_of
from tapeout.tracer import inquiry

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)
DTYPES = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)
NUMBERS = (True, 2, 1.5)
OPERATORS = ("add", "mul", "div", "pow", "maximum", "eq", "floor_divide", "sub", "bitwise_and")


def operand(lib: Any, kind: str, dtype: str) -> Any:
    data = {"tensor": [1, 0, 1], "0-dim": 1}[kind]
    return lib.tensor(data, dtype=getattr(lib, dtype))


def same_result_or_same_refusal(function: Any) -> None:
    outcomes = []
    for lib in LIBRARIES:
        try:
            outcomes.append(function(lib))
        except Exception as error:
            outcomes.append(error)
    ours, theirs = outcomes
    if isinstance(theirs, Exception):
        assert isinstance(ours, type(theirs)), f"{ours!r} where PyTorch has {theirs!r}"
    else:
        assert not isinstance(ours, Exception), f"{ours!r} where PyTorch has {theirs!r}"
        assert_same(tapeout, torch, ours, theirs)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("first, second", list(product(("tensor", "0-dim"), repeat=2)))
def test_every_pair_of_dtypes(name: str, first: str, second: str) -> None:
    for a, b in product(DTYPES, repeat=2):
        same_result_or_same_refusal(
            lambda lib, a=a, b=b: getattr(lib, name)(
                operand(lib, first, a), operand(lib, second, b)
            )
        )


@pytest.mark.parametrize("name", [n for n in OPERATORS if n != "maximum"])
@pytest.mark.parametrize("kind", ["tensor", "0-dim"])
def test_every_dtype_with_every_kind_of_number(name: str, kind: str) -> None:
    for dtype, number in product(DTYPES, NUMBERS):
        same_result_or_same_refusal(
            lambda lib, d=dtype, n=number: getattr(lib, name)(operand(lib, kind, d), n)
        )


@pytest.mark.parametrize(
    "sign", ["+", "-", "*", "/", "**", "//", "%", "<", "==", "&", "|", "^", ">="]
)
def test_operators_and_reflected_operators_with_numbers(sign: str) -> None:
    for dtype, number in product(DTYPES, NUMBERS):
        for text in (f"x {sign} n", f"n {sign} x"):
            same_result_or_same_refusal(
                lambda lib, t=text, d=dtype, n=number: eval(
                    t, {"x": lib.tensor([1, 1], dtype=getattr(lib, d)), "n": n}
                )
            )


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "//="])
def test_in_place_operators_for_every_pair_of_dtypes(sign: str) -> None:
    def run(lib: Any, a: str, b: str) -> Any:
        scope = {
            "x": lib.tensor([2, 1], dtype=getattr(lib, a)),
            "y": lib.tensor([1, 1], dtype=getattr(lib, b)),
        }
        exec(f"x {sign} y", scope)
        return scope["x"]

    for a, b in product(DTYPES, repeat=2):
        same_result_or_same_refusal(lambda lib, a=a, b=b: run(lib, a, b))


def test_promote_types_result_type_and_can_cast() -> None:
    for a, b in product(DTYPES, repeat=2):
        for name in ("promote_types", "can_cast"):
            ours, theirs = (
                getattr(lib, name)(getattr(lib, a), getattr(lib, b)) for lib in LIBRARIES
            )
            assert str(ours) == str(theirs), (name, a, b)
    for dtype, number in product(DTYPES, NUMBERS):
        ours, theirs = (lib.result_type(operand(lib, "tensor", dtype), number) for lib in LIBRARIES)
        assert str(ours) == str(theirs)


@pytest.mark.parametrize("source", DTYPES)
def test_casts_between_every_pair_of_dtypes(source: str) -> None:
    data = {"bool": [True, False], "uint8": [0, 200]}.get(source, [-1, 100])
    for target in DTYPES:
        ours, theirs = (
            lib.tensor(data, dtype=getattr(lib, source)).to(getattr(lib, target))
            for lib in LIBRARIES
        )
        assert_same(tapeout, torch, ours, theirs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_a_dtype_says_about_itself(dtype: str) -> None:
    ours, theirs = (getattr(lib, dtype) for lib in LIBRARIES)
    assert repr(ours) == repr(theirs)
    assert ours.is_floating_point == theirs.is_floating_point
    assert ours.is_signed == theirs.is_signed
    assert ours.itemsize == theirs.itemsize
    assert ours.is_complex is False


@pytest.mark.parametrize("name", ["half", "float", "double", "short", "int", "long"])
def test_dtypes_have_short_names(name: str) -> None:
    assert str(getattr(tapeout, name)) == str(getattr(torch, name))


def test_the_default_dtype_is_used_where_none_is_given() -> None:
    results = []
    for lib in LIBRARIES:
        lib.set_default_dtype(lib.float64)
        try:
            results.append(
                [
                    lib.ones(2),
                    lib.tensor(1.5),
                    lib.arange(3.0),
                    lib.tensor([1, 2]) / 2,
                    lib.get_default_dtype(),
                ]
            )
        finally:
            lib.set_default_dtype(lib.float32)
    assert_same(tapeout, torch, *results)
    with pytest.raises(
        TypeError, match=r"only floating-point types are supported as the default type.*int64"
    ):
        tapeout.set_default_dtype(tapeout.int64)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_rounding_to_a_narrow_dtype(dtype: str) -> None:
    data = np.random.default_rng(0).normal(scale=300, size=500)
    ours, theirs = (lib.tensor(data).to(getattr(lib, dtype)) for lib in LIBRARIES)
    np.testing.assert_array_equal(
        values_of(tapeout, ours).astype(float), values_of(torch, theirs).astype(float)
    )
    assert dtype_name(ours) == dtype


NARROW: dict[str, tuple[Any, str]] = {
    "tensor": (lambda lib: lib.tensor([300], dtype=lib.uint8), "300"),
    "fill_": (
        lambda lib: lib.zeros(2, dtype=lib.int8).fill_(200),
        "value cannot be converted to type int8.*200",
    ),
    "masked_fill": (
        lambda lib: lib.zeros(1, dtype=lib.uint8).masked_fill(lib.tensor([True]), 300),
        "value cannot be converted to type uint8.*300",
    ),
    "full": (lambda lib: lib.full((2,), 300, dtype=lib.uint8), "300"),
}


@pytest.mark.parametrize("name", NARROW)
def test_numbers_too_large_for_a_dtype_are_refused(name: str) -> None:
    function, text = NARROW[name]
    with pytest.raises(RuntimeError):
        function(torch)
    with pytest.raises(RuntimeError, match=text):
        function(tapeout)


def test_small_integers_wrap() -> None:
    for program in (
        lambda lib, x: x + (-1),
        lambda lib, x: x * 300,
        lambda lib, x: x - 255,
        lambda lib, x: lib.where(x > 1, x, -1),
        lambda lib, x: x.fill_(-1),
        lambda lib, x: lib.full((2,), -1, dtype=lib.uint8),
        lambda lib, x: x + x.new_full((3,), 255),
        lambda lib, x: -x,
    ):
        ours, theirs = (program(lib, lib.tensor([0, 1, 200], dtype=lib.uint8)) for lib in LIBRARIES)
        assert_same(tapeout, torch, ours, theirs)


PYTHON_TYPES: dict[str, Any] = {
    "ones": lambda lib, kind: lib.ones(2, dtype=kind),
    "zeros_like": lambda lib, kind: lib.zeros_like(lib.ones(2), dtype=kind),
    "full": lambda lib, kind: lib.full((2,), 1, dtype=kind),
    "arange": lambda lib, kind: lib.arange(2, dtype=kind),
    "linspace": lambda lib, kind: lib.linspace(0, 1, 2, dtype=kind),
    "eye": lambda lib, kind: lib.eye(2, dtype=kind),
    "tensor": lambda lib, kind: lib.tensor([0, 1], dtype=kind),
    "as_tensor": lambda lib, kind: lib.as_tensor(np.array([0, 1]), dtype=kind),
    "to": lambda lib, kind: lib.ones(2).to(kind),
    "to dtype": lambda lib, kind: lib.ones(2).to(dtype=kind),
    "sum": lambda lib, kind: lib.ones(2).sum(dtype=kind),
    "prod": lambda lib, kind: lib.ones(2).prod(dtype=kind),
    "cumsum": lambda lib, kind: lib.ones(2).cumsum(0, dtype=kind),
    "new_tensor": lambda lib, kind: lib.ones(2).new_tensor([1], dtype=kind),
}


NOT_OF_TRUTH = ("arange", "linspace", "sum", "prod", "cumsum")
KINDS = [
    (n, k)
    for n in PYTHON_TYPES
    for k in (float, int, bool)
    if k is not bool or n not in NOT_OF_TRUTH
]


@pytest.mark.parametrize("name, kind", KINDS)
def test_python_types_stand_for_dtypes(name: str, kind: type) -> None:
    same_result_or_same_refusal(lambda lib: PYTHON_TYPES[name](lib, kind))


def test_float_stands_for_float64_where_only_floats_may() -> None:
    for program in (
        lambda lib: lib.ones(2).mean(dtype=float),
        lambda lib: lib.ones(2).softmax(0, dtype=float),
        lambda lib: lib.nn.functional.log_softmax(lib.ones(2), 0, dtype=float),
        lambda lib: lib.zeros_like(lib.nn.Linear(2, 3).to(float).weight),
        lambda lib: lib.zeros_like(lib.nn.Linear(2, 3, dtype=float).weight),
    ):
        same_result_or_same_refusal(program)
    assert tapeout.ones(2).type(int).dtype is tapeout.int64


def test_limits_of_dtypes() -> None:
    for dtype in DTYPES:
        ours, theirs = (getattr(lib, dtype) for lib in LIBRARIES)
        kind = "finfo" if ours.is_floating_point else "iinfo"
        if dtype == "bool":
            continue
        mine, other = getattr(inquiry, kind)(ours), getattr(torch, kind)(theirs)
        assert repr(mine) == repr(other)
        for name in ("min", "max", "bits", "dtype", "eps", "tiny", "resolution", "smallest_normal"):
            assert getattr(mine, name, None) == getattr(other, name, None), name
    assert inquiry.finfo().dtype == "float32"
    assert inquiry.iinfo(int).dtype == "int64"


def test_limits_are_asked_of_the_right_kind_of_dtype() -> None:
    with pytest.raises(
        TypeError, match=r"requires a floating point input type, not torch.int8; use iinfo"
    ):
        inquiry.finfo(tapeout.int8)
    with pytest.raises(
        TypeError, match=r"requires an integer input type, not torch.float32; use finfo"
    ):
        inquiry.iinfo(tapeout.float32)
