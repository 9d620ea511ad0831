"""Wrong calls are refused with PyTorch's kind of error, and with a text that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)


def grid(lib: Any) -> Any:
    return lib.arange(6).reshape(2, 3)


MISTAKES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "item of several": (
        lambda lib: grid(lib).item(),
        "a Tensor with 6 elements cannot be converted to Scalar",
    ),
    "truth of several": (
        lambda lib: bool(grid(lib)),
        "Boolean value of Tensor with more than one value is ambiguous",
    ),
    "truth of none": (
        lambda lib: bool(lib.zeros(0)),
        "Boolean value of Tensor with no values is ambiguous",
    ),
    "len of 0-dim": (lambda lib: len(lib.tensor(1)), "len.. of a 0-d tensor"),
    "iteration of 0-dim": (lambda lib: list(lib.tensor(1)), "iteration over a 0-d tensor"),
    "int of several": (lambda lib: int(grid(lib)), "6 elements|only one element"),
    "index of a float": (
        lambda lib: [1][lib.tensor(0.0)],
        "only integer tensors of a single element can be converted to an index",
    ),
    "ragged data": (lambda lib: lib.tensor([[1, 2], [3]]), "equal length|at dim 1"),
    "strings": (lambda lib: lib.tensor(["a"]), "invalid data type"),
    "an object": (lambda lib: lib.tensor(object()), "object"),
    "from_numpy of a list": (lambda lib: lib.from_numpy([1]), r"expected np.ndarray \(got list\)"),
    "from_numpy of strings": (
        lambda lib: lib.from_numpy(np.array(["a"])),
        "can't convert np.ndarray of type",
    ),
    "negative size": (lambda lib: lib.zeros(-1), "negative dimension -1"),
    "arange backwards": (
        lambda lib: lib.arange(5, 1),
        "upper bound and (lower bound|larger bound) inconsistent with step sign",
    ),
    "arange without step": (lambda lib: lib.arange(0, 5, 0), "step"),
    "linspace of -1": (lambda lib: lib.linspace(0, 1, -1), "number of steps must be non-negative"),
    "unknown device": (lambda lib: lib.zeros(2, device="potato"), "potato"),
    "broadcast": (lambda lib: lib.ones(2, 3) + lib.ones(4), "3.*4|4.*3"),
    "matmul": (
        lambda lib: lib.ones(2, 3) @ lib.ones(4, 5),
        r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)",
    ),
    "matmul dtypes": (lambda lib: lib.ones(2, 3) @ lib.ones(3, 2).long(), "dtype"),
    "matmul of 0-dim": (
        lambda lib: lib.tensor(1.0) @ lib.ones(2),
        "both arguments to matmul need to be at least 1D, but they are 0D and 1D",
    ),
    "mm of vectors": (lambda lib: lib.mm(lib.ones(2), lib.ones(2)), "matri|2 dimensions"),
    "bmm batches": (lambda lib: lib.bmm(lib.ones(2, 3, 4), lib.ones(5, 4, 3)), "2.*5|batch"),
    "dot sizes": (lambda lib: lib.dot(lib.ones(2), lib.ones(3)), "inconsistent tensor size"),
    "dim": (
        lambda lib: lib.ones(2, 3).sum(2),
        r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)",
    ),
    "dims twice": (
        lambda lib: lib.ones(2, 3).sum((1, -1)),
        "dim 1 appears multiple times in the list of dims",
    ),
    "mean of integers": (lambda lib: grid(lib).mean(), "could not infer output dtype.*Long|int64"),
    "max of nothing": (lambda lib: lib.zeros(0).max(), "max|no elements"),
    "argmax of nothing": (lambda lib: lib.zeros(0).argmax(), "argmax"),
    "reshape": (lambda lib: grid(lib).reshape(4), r"shape '\[4\]' is invalid for input of size 6"),
    "two -1": (lambda lib: grid(lib).reshape(-1, -1), "only one dimension can be inferred"),
    "permute": (
        lambda lib: grid(lib).permute(0),
        r"permute.*number of dimensions|input.dim\(\) = 2",
    ),
    "permute twice": (lambda lib: grid(lib).permute(0, 0), "permute|duplicate"),
    "t of 3-D": (
        lambda lib: lib.ones(1, 2, 3).t(),
        "t.. expects a tensor with <= 2 dimensions, but self is 3D",
    ),
    "expand": (lambda lib: lib.ones(2, 3).expand(4, 3), "expand"),
    "cat of nothing": (lambda lib: lib.cat([]), "expected a non-empty list of Tensors"),
    "cat sizes": (
        lambda lib: lib.cat([lib.ones(2, 3), lib.ones(2, 4)]),
        "[Ss]izes.* must match except in dim",
    ),
    "cat 0-dim": (lambda lib: lib.cat([lib.tensor(1)]), "zero-dimensional tensor"),
    "stack sizes": (
        lambda lib: lib.stack([lib.ones(2), lib.ones(3)]),
        r"stack expects each tensor to be equal size, but got \[2\] at entry 0 and \[3\] at entry 1",
    ),
    "stack of nothing": (lambda lib: lib.stack([]), "stack expects a non-empty TensorList"),
    "split sizes": (
        lambda lib: lib.split(lib.ones(5), [2, 2]),
        "split_with_sizes expects split_sizes to sum exactly to 5",
    ),
    "split by 0": (lambda lib: lib.split(lib.ones(5), -1), "split_size"),
    "chunk by 0": (
        lambda lib: lib.chunk(lib.ones(5), 0),
        "chunk expects `chunks` to be greater than 0, got: 0",
    ),
    "gather rank": (lambda lib: lib.gather(lib.ones(2, 3), 0, lib.tensor([0])), "dimensions"),
    "gather dtype": (lambda lib: lib.gather(lib.ones(2), 0, lib.ones(1)), "int"),
    "topk": (lambda lib: lib.ones(3).topk(4), "selected index k out of range"),
    "where": (
        lambda lib: lib.where(lib.ones(2), 1, 2),
        "where expected condition to be a boolean tensor",
    ),
    "clamp": (lambda lib: lib.ones(2).clamp(), "At least one of 'min' or 'max' must not be None"),
    "minus a mask": (
        lambda lib: 1 - lib.tensor([True]),
        "the `-` operator, with a bool tensor is not supported",
    ),
    "negated mask": (
        lambda lib: -lib.tensor([True]),
        "Negation, the `-` operator, on a bool tensor|with a bool tensor",
    ),
    "integer power": (
        lambda lib: grid(lib) ** -1,
        "Integers to negative integer powers are not allowed",
    ),
    "integer division": (
        lambda lib: lib.tensor([1]) // lib.tensor([0]),
        "ZeroDivisionError|division by zero",
    ),
    "bits of floats": (
        lambda lib: lib.ones(2) & lib.ones(2),
        "not implemented for 'Float'|not defined for f32",
    ),
    "div mode": (
        lambda lib: lib.div(lib.ones(2), 2, rounding_mode="up"),
        "rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'",
    ),
    "einsum operands": (lambda lib: lib.einsum("ij,jk->ik", lib.ones(2, 3)), "einsum"),
    "einsum letters": (lambda lib: lib.einsum("ijk->i", lib.ones(2, 3)), "einsum"),
    "einsum output": (lambda lib: lib.einsum("ij->k", lib.ones(2, 3)), "einsum"),
    "einsum sizes": (
        lambda lib: lib.einsum("ij,jk->ik", lib.ones(2, 3), lib.ones(4, 5)),
        "3.*4|4.*3",
    ),
    "masked_fill vector": (
        lambda lib: lib.ones(2).masked_fill(lib.tensor([True, False]), lib.ones(2)),
        "masked_fill.* only supports a 0-dimensional value tensor",
    ),
    "masked_fill mask": (
        lambda lib: lib.ones(2).masked_fill(lib.tensor([1, 0]), 2),
        "masked_fill.* only supports boolean masks",
    ),
    "addition of a string": (lambda lib: lib.ones(2) + "a", "unsupported|must be"),
    "comparison with a string": (lambda lib: lib.ones(2) < "a", "not supported|must be"),
    "maximum of a number": (
        lambda lib: lib.maximum(lib.ones(2), 1),
        r"argument 'other' \(position 2\) must be Tensor, not int",
    ),
    "float alpha": (
        lambda lib: lib.add(grid(lib), 1, alpha=1.5),
        "argument alpha must not be a floating point number",
    ),
    "product with an array": (
        lambda lib: lib.ones(2).mul(np.ones(2)),
        r"mul\(\): argument 'other'.* must be Tensor.*, not numpy.ndarray",
    ),
    "sum of an array": (
        lambda lib: lib.sum(np.ones(2)),
        r"sum\(\).*input|sum\(\): argument 'input' must be Tensor, not numpy.ndarray",
    ),
    "array first": (
        lambda lib: lib.add(np.ones(2), lib.ones(2)),
        r"add\(\): argument 'input'.* must be Tensor.*, not numpy.ndarray",
    ),
    "matmul with an array": (
        lambda lib: lib.matmul(lib.ones(2), np.ones(2)),
        r"matmul\(\): argument 'other'.* must be Tensor, not numpy.ndarray",
    ),
    "maximum with an array": (
        lambda lib: lib.maximum(lib.ones(2), np.ones(2)),
        r"maximum\(\): argument 'other'.* must be Tensor, not numpy.ndarray",
    ),
    "where with an array": (
        lambda lib: lib.where(lib.ones(2) > 0, np.ones(2), lib.ones(2)),
        r"where\(\).*numpy.ndarray",
    ),
    "clamp with an array": (lambda lib: lib.ones(2).clamp(np.ones(2)), r"clamp\(\).*numpy.ndarray"),
    "equal to a list": (lambda lib: lib.ones(2).eq([1, 1]), r"eq\(\).*list"),
    "where with one choice": (
        lambda lib: lib.where(lib.ones(2) > 0, lib.ones(2)),
        r"where\(\)|other",
    ),
    "embedding": (
        lambda lib: lib.nn.Embedding(3, 2)(lib.tensor([1, 7])),
        "index out of range in self",
    ),
    "embedding before 0": (
        lambda lib: lib.nn.Embedding(3, 2)(lib.tensor([-1])),
        "index out of range in self",
    ),
    "gather index": (
        lambda lib: grid(lib).gather(0, lib.tensor([[5]])),
        "index 5 is out of bounds for dimension 0 with size 2",
    ),
    "scatter index": (
        lambda lib: grid(lib).scatter(1, lib.tensor([[5]]), 1),
        "index 5 is out of bounds for dimension 1 with size 3",
    ),
    "index_select index": (
        lambda lib: grid(lib).index_select(1, lib.tensor([5])),
        "index out of range in self|index_select.*index 5 is out of bounds for dimension 1 with size 3",
    ),
    "index_add index": (
        lambda lib: lib.ones(2).index_add(0, lib.tensor([5]), lib.ones(1)),
        "index 5 is out of bounds for dimension 0 with size 2",
    ),
    "index_copy index": (
        lambda lib: lib.ones(2).index_copy(0, lib.tensor([5]), lib.ones(1)),
        r"index_copy_?\(\): index 5 is out of bounds for dimension 0 with size 2",
    ),
    "index_fill index": (
        lambda lib: lib.ones(2).index_fill(0, lib.tensor([5]), 1),
        "index 5 is out of bounds for dimension 0 with size 2",
    ),
    "take index": (lambda lib: grid(lib).take(lib.tensor([9])), "index 9 .*6"),
    "read at an index": (
        lambda lib: grid(lib)[:, lib.tensor([0, 5])],
        "^index 5 is out of bounds for dimension 1 with size 3",
    ),
    "read at two indices": (
        lambda lib: grid(lib)[lib.tensor([0]), lib.tensor([-4])],
        "^index -4 is out of bounds for dimension 1 with size 3",
    ),
    "write at an index": (
        lambda lib: grid(lib).__setitem__(lib.tensor([5]), 1),
        "^index 5 is out of bounds for dimension 0 with size 2",
    ),
    "nll_loss class": (
        lambda lib: lib.nn.functional.nll_loss(lib.ones(2, 3), lib.tensor([0, 5])),
        "Target 5 is out of bounds",
    ),
    "median of truth values": (lambda lib: (lib.ones(2) > 0).median(), "median"),
    "mean of an array": (lambda lib: lib.mean(np.ones(2)), r"mean\(\).*numpy.ndarray"),
    "fmod of truth values": (lambda lib: (lib.ones(2) > 0).fmod(True), "fmod"),
    "fmod by 0": (lambda lib: grid(lib).fmod(0), "ZeroDivisionError"),
    "Tensor of a number": (lambda lib: lib.Tensor(2.5), "sequence.*float"),
    "Tensor of two lists": (lambda lib: lib.Tensor([1], [2]), "list, list"),
    "Tensor with a dtype": (lambda lib: lib.Tensor([1], dtype=lib.float64), "dtype"),
    "dtype as text": (
        lambda lib: lib.ones(2, dtype="float32"),
        "argument 'dtype' must be torch.dtype, not str",
    ),
    "dtype of NumPy": (
        lambda lib: lib.ones(2, dtype=np.float32),
        "argument 'dtype' must be torch.dtype, not type",
    ),
    "sum in a dtype as text": (lambda lib: lib.ones(2).sum(dtype="float32"), "dtype.*str"),
    "random dtype of NumPy": (lambda lib: lib.rand(2, dtype=np.float64), "not type"),
    "Module.to NumPy": (lambda lib: lib.nn.Linear(2, 3).to(np.float64), "type"),
    "to NumPy": (lambda lib: lib.ones(2).to(np.float64), "type"),
    "squeeze dim": (lambda lib: lib.ones(1, 2).squeeze(2), "Dimension out of range"),
    "unsqueeze dim": (
        lambda lib: lib.ones(2).unsqueeze(3),
        r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 3\)",
    ),
    "tril of a vector": (lambda lib: lib.ones(3).tril(), "2 dim|two dim"),
    "narrow": (
        lambda lib: lib.ones(3).narrow(0, 1, 3),
        r"start \(1\) \+ length \(3\) exceeds dimension size \(3\)",
    ),
    "repeat": (
        lambda lib: lib.ones(2, 3).repeat(2),
        "Number of dimensions of repeat dims can not be smaller",
    ),
    "flatten": (
        lambda lib: lib.ones(2, 3).flatten(1, 0),
        "flatten.* has invalid args: start_dim cannot come after end_dim",
    ),
    "scatter dtype": (
        lambda lib: lib.zeros(2).scatter(0, lib.tensor([0]), lib.tensor([1])),
        "dtype",
    ),
    "addmm": (lambda lib: lib.addmm(lib.ones(2), lib.ones(2, 3), lib.ones(4, 5)), "2x3 and 4x5"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_refused_with_pytorchs_kind_of_error(name: str) -> None:
    function, text = MISTAKES[name]
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        function(torch)
    with pytest.raises(theirs.type, match=text):
        function(tapeout)


def test_an_embedding_names_the_index_its_rows_and_the_line() -> None:
    layer = tapeout.nn.Embedding(3, 2)
    with pytest.raises(
        IndexError, match=r"num_embeddings=3 has rows 0 to 2, but the input asks for 7\n  at "
    ) as refusal:
        layer(tapeout.tensor([[1, 7]]))
    assert "layer(tapeout.tensor([[1, 7]]))" in str(refusal.value)


def test_an_array_where_a_tensor_is_wanted_is_told_the_way_out() -> None:
    with pytest.raises(
        TypeError, match=r"must be Tensor or a number, .*; wrap it with from_numpy\(\)"
    ):
        tapeout.ones(2).mul(np.ones(2))
    with pytest.raises(TypeError, match=r"must be Tensor, not numpy.ndarray; wrap it"):
        tapeout.neg(np.ones(2))
