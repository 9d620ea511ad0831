"""Tensors print as in PyTorch: one literal text for each rule of printing."""

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tapeout.tracer.printing import (
    format_parameter,
    format_scalar,
    format_tensor,
    format_without_values,
    printoptions,
)

INF, NAN = math.inf, math.nan
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def f32(*values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float32)


# One row per rule: what is printed, and its text.
LITERAL = [
    pytest.param(np.float32(6), "tensor(6.)", id="whole scalar"),
    pytest.param(np.float32(-0.0), "tensor(-0.)", id="negative zero"),
    pytest.param(np.float32(INF), "tensor(inf)", id="infinite scalar"),
    pytest.param(np.int64(-7), "tensor(-7)", id="integer scalar"),
    pytest.param(np.bool_(True), "tensor(True)", id="boolean scalar"),
    pytest.param(np.array([True, False]), "tensor([ True, False])", id="booleans align"),
    pytest.param(np.array([3, -40, 500]), "tensor([  3, -40, 500])", id="integers align"),
    pytest.param(f32(1, -0.5, 10.25), "tensor([ 1.0000, -0.5000, 10.2500])", id="fixed point"),
    pytest.param(f32(1, -20), "tensor([  1., -20.])", id="whole floats"),
    pytest.param(f32(1000, 1), "tensor([1000.,    1.])", id="spread of exactly 1000"),
    pytest.param(f32(1001, 1), "tensor([1.0010e+03, 1.0000e+00])", id="spread above 1000"),
    pytest.param(f32(1e8), "tensor([100000000.])", id="1e8"),
    pytest.param(f32(2e8), "tensor([2.0000e+08])", id="above 1e8"),
    pytest.param(f32(0.00011), "tensor([0.0001])", id="above 1e-4"),
    pytest.param(f32(0.00009), "tensor([9.0000e-05])", id="below 1e-4"),
    pytest.param(f32(0, -0.0, INF, -INF, NAN), "tensor([0., -0., inf, -inf, nan])", id="no digits"),
    pytest.param(f32(1, -INF, NAN), "tensor([1., -inf, nan])", id="inf does not widen"),
    pytest.param(f32(1.5, -INF), "tensor([1.5000,   -inf])", id="inf is right-aligned"),
    pytest.param(
        f32(1e-5, 0, INF), "tensor([1.0000e-05, 0.0000e+00,        inf])", id="zero in exponents"
    ),
    pytest.param(np.zeros(0, np.float32), "tensor([])", id="empty"),
    pytest.param(np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))", id="empty matrix"),
    pytest.param(np.zeros(0, np.int64), "tensor([], dtype=torch.int64)", id="empty integers"),
    pytest.param(
        np.zeros((2, 0, 3), bool), "tensor([], size=(2, 0, 3), dtype=torch.bool)", id="empty bools"
    ),
    pytest.param(np.array([1.5, 2]), "tensor([1.5000, 2.0000], dtype=torch.float64)", id="float64"),
    pytest.param(
        np.array([1 / 3], np.float16), "tensor([0.3333], dtype=torch.float16)", id="float16"
    ),
    pytest.param(
        np.array([1 / 3], BFLOAT16), "tensor([0.3340], dtype=torch.bfloat16)", id="bfloat16"
    ),
    pytest.param(np.array([7], np.int32), "tensor([7], dtype=torch.int32)", id="int32"),
    pytest.param(np.array([7], np.uint8), "tensor([7], dtype=torch.uint8)", id="uint8"),
    pytest.param(
        np.array([2**64 - 1], np.uint64),
        "tensor([18446744073709551615], dtype=torch.uint64)",
        id="largest uint64",
    ),
    pytest.param(
        np.array([-(2**63), 5]), "tensor([-9223372036854775808,                    5])", id="int64"
    ),
    pytest.param(
        np.arange(12).reshape(2, 3, 2),
        "tensor([[[ 0,  1],\n         [ 2,  3],\n         [ 4,  5]],\n\n"
        "        [[ 6,  7],\n         [ 8,  9],\n         [10, 11]]])",
        id="blank line between matrices",
    ),
    pytest.param(
        np.arange(4.0, dtype=np.float32).reshape(2, 1, 1, 2),
        "tensor([[[[0., 1.]]],\n\n\n        [[[2., 3.]]]])",
        id="two blank lines between 3-D blocks",
    ),
    pytest.param(
        np.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])", id="summarised row"
    ),
    pytest.param(
        np.arange(1001 * 2).reshape(1001, 2),
        "tensor([[   0,    1],\n        [   2,    3],\n        [   4,    5],\n        ...,\n"
        "        [1996, 1997],\n        [1998, 1999],\n        [2000, 2001]])",
        id="summarised rows",
    ),
    pytest.param(
        np.arange(18) * 111,
        "tensor([   0,  111,  222,  333,  444,  555,  666,  777,  888,  999, 1110, 1221,\n"
        "        1332, 1443, 1554, 1665, 1776, 1887])",
        id="long row is wrapped",
    ),
]


@pytest.mark.parametrize(("values", "text"), LITERAL)
def test_literal_text(values: Any, text: str) -> None:
    assert format_tensor(np.asarray(values)) == text


def test_threshold_is_the_largest_size_that_is_printed_whole() -> None:
    assert "..." not in format_tensor(np.arange(1000))
    assert "..." in format_tensor(np.arange(1001))


def test_dimension_of_twice_the_edgeitems_keeps_all_entries() -> None:
    lines = format_tensor(np.zeros((6, 200), np.float32)).split("\n")
    assert len(lines) == 6
    assert all("[0., 0., 0.,  ..., 0., 0., 0.]" in line for line in lines)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"requires_grad": True}, "tensor([1.5000], requires_grad=True)"),
        ({"grad_fn": "AddmmBackward0"}, "tensor([1.5000], grad_fn=<AddmmBackward0>)"),
        (
            {"requires_grad": True, "grad_fn": "MulBackward0"},
            "tensor([1.5000], grad_fn=<MulBackward0>)",
        ),
        ({"dtype_name": "float16"}, "tensor([1.5000], dtype=torch.float16)"),
        ({"default_dtype": "float64"}, "tensor([1.5000], dtype=torch.float32)"),
        ({"device": "cpu"}, "tensor([1.5000])"),
        (
            {"device": "cuda:0", "dtype_name": "float64", "requires_grad": True},
            "tensor([1.5000], device='cuda:0', dtype=torch.float64, requires_grad=True)",
        ),
        ({"prefix": "Weight("}, "Weight([1.5000])"),
        (
            {"suffix_extra": ("names=('N',)",), "requires_grad": True},
            "tensor([1.5000], requires_grad=True, names=('N',))",
        ),
    ],
)
def test_facts_follow_the_values(facts: dict[str, Any], text: str) -> None:
    assert format_tensor(f32(1.5), **facts) == text


def test_default_dtype_is_left_unsaid() -> None:
    assert format_tensor(np.array([1.5]), default_dtype="float64") == "tensor([1.5000])"


@pytest.mark.parametrize(
    ("linewidth", "text"),
    [
        (37, "tensor([1.5000], requires_grad=True)"),
        (36, "tensor([1.5000],\n       requires_grad=True)"),
    ],
)
def test_suffix_moves_to_its_own_line_when_the_last_line_is_full(linewidth: int, text: str) -> None:
    with printoptions(linewidth=linewidth):
        assert format_tensor(f32(1.5), requires_grad=True) == text


def test_suffixes_share_the_line_they_moved_to() -> None:
    with printoptions(linewidth=50):
        text = format_tensor(np.array([1.5, 2.5, 3.5, 4.5]), requires_grad=True)
    assert text == (
        "tensor([1.5000, 2.5000, 3.5000, 4.5000],\n       dtype=torch.float64, requires_grad=True)"
    )


def test_prefix_sets_the_indentation() -> None:
    text = format_tensor(np.arange(4).reshape(2, 2), prefix="Foo(", requires_grad=True)
    assert text == "Foo([[0, 1],\n     [2, 3]], requires_grad=True)"


def test_parameter() -> None:
    text = format_parameter(format_tensor(f32(2, 3), requires_grad=True))
    assert text == "Parameter containing:\ntensor([2., 3.], requires_grad=True)"


@pytest.mark.parametrize(
    ("arguments", "facts", "text"),
    [
        (((2, 3), "float32"), {}, "tensor(..., size=(2, 3))"),
        (((), "int64"), {}, "tensor(..., size=(), dtype=torch.int64)"),
        (
            ([5], "float32"),
            {"device": "meta", "grad_fn": "MulBackward0"},
            "tensor(..., device='meta', size=(5,), grad_fn=<MulBackward0>)",
        ),
    ],
)
def test_without_values(arguments: Any, facts: dict[str, Any], text: str) -> None:
    assert format_without_values(*arguments, **facts) == text


@pytest.mark.parametrize("dtype", [np.complex64, object, "U3"])
def test_unprintable_dtype_is_refused(dtype: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot print an array of dtype .*; convert it with"):
        format_tensor(np.ones(2, dtype=dtype))


def test_signalling_nan_prints_without_a_warning() -> None:
    bits = np.array([0x7FA00000, 0x3F800000], np.uint32)
    with np.errstate(all="raise"):
        assert format_tensor(bits.view(np.float32)) == "tensor([nan, 1.])"


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (np.float32(2.34567), ".2f", "2.35"),
        (np.float32(0.1), "", "0.10000000149011612"),
        (np.array(0.1, BFLOAT16), "", "0.10009765625"),
        (np.float64(1e-9), ".1e", "1.0e-09"),
        (np.int32(5), ">4", "   5"),
        (np.bool_(True), "", "True"),
        (np.bool_(True), "d", "1"),
    ],
)
def test_scalar_is_formatted_as_its_python_number(value: Any, spec: str, text: str) -> None:
    assert format_scalar(np.asarray(value), spec) == text


def test_format_spec_of_many_elements_is_refused() -> None:
    message = r"unsupported format string passed to Tensor.__format__: '\.2f' .* shape \(2, 3\);"
    with pytest.raises(TypeError, match=message):
        format_scalar(np.ones((2, 3)), ".2f")


def test_wrong_spec_for_the_number_is_pythons_error() -> None:
    with pytest.raises(ValueError, match="Unknown format code 'd'"):
        format_scalar(np.asarray(2.5), "d")
