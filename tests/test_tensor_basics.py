"""What a tensor is to Python, against PyTorch: numbers, lists, NumPy, iteration, truth, sizes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_same
from tapeout.tracer import inquiry

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)


def grid(lib: Any) -> Any:
    return lib.arange(6).reshape(2, 3)


ANSWERS: dict[str, Callable[[Any], Any]] = {
    "item int": lambda lib: lib.tensor(3).item(),
    "item float": lambda lib: lib.tensor([[2.5]]).item(),
    "item bool": lambda lib: lib.tensor(True).item(),
    "item half": lambda lib: lib.tensor(0.1, dtype=lib.float16).item(),
    "tolist": lambda lib: grid(lib).tolist(),
    "tolist 0-dim": lambda lib: lib.tensor(2.5).tolist(),
    "tolist bfloat16": lambda lib: lib.tensor([0.5, 3.0], dtype=lib.bfloat16).tolist(),
    "tolist empty": lambda lib: lib.zeros(2, 0).tolist(),
    "len": lambda lib: len(grid(lib)),
    "iteration": lambda lib: [row.tolist() for row in grid(lib)],
    "bool": lambda lib: [bool(lib.tensor([x])) for x in (0.0, 2.0)],
    "int": lambda lib: int(lib.tensor(2.9)),
    "float": lambda lib: float(lib.tensor(2)),
    "index": lambda lib: list(range(5))[lib.tensor(3)],
    "contains": lambda lib: [3 in grid(lib), 9 in grid(lib)],
    "shape": lambda lib: [
        tuple(grid(lib).shape),
        repr(grid(lib).shape),
        grid(lib).shape.numel(),
        repr(grid(lib).shape[1:]),
    ],
    "size": lambda lib: [grid(lib).size(0), tuple(grid(lib).size()), grid(lib).size(-1)],
    "dims": lambda lib: [grid(lib).ndim, grid(lib).dim(), grid(lib).numel(), grid(lib).nelement()],
    "stride": lambda lib: [grid(lib).stride(), grid(lib).t().stride(), grid(lib).stride(0)],
    "contiguous": lambda lib: [
        grid(lib).is_contiguous(),
        grid(lib).t().is_contiguous(),
        grid(lib).t().contiguous().is_contiguous(),
    ],
    "itemsize": lambda lib: [grid(lib).element_size(), grid(lib).itemsize, grid(lib).nbytes],
    "device": lambda lib: [str(grid(lib).device), grid(lib).device.type, grid(lib).is_cuda],
    "type": lambda lib: [
        grid(lib).type(),
        lib.zeros(1).type(),
        lib.zeros(1, dtype=lib.bfloat16).type(),
    ],
    "is_floating_point": lambda lib: [
        grid(lib).is_floating_point(),
        lib.zeros(1).is_floating_point(),
    ],
    "format": lambda lib: [
        f"{lib.tensor(2.34567):.2f}",
        f"{lib.tensor(3)}",
        f"{lib.tensor([1, 2])}",
        f"{lib.tensor(5):>4d}",
    ],
    "str": lambda lib: str(grid(lib) * 1.5),
    "hash": lambda lib: len({grid(lib), grid(lib)}),
    "abs": lambda lib: abs(lib.tensor([-1, 2])),
    "neg": lambda lib: -grid(lib),
    "pos": lambda lib: +grid(lib),
    "invert": lambda lib: ~lib.tensor([True, False]),
    "invert int": lambda lib: ~grid(lib),
    "matmul": lambda lib: grid(lib) @ grid(lib).T,
    "sum builtin": lambda lib: sum(grid(lib)),
    "max builtin": lambda lib: max(lib.tensor([1, 5, 2])).item(),
    "unpacking": lambda lib: [r.tolist() for r in (lambda a, b: (b, a))(*grid(lib))],
    "reversed": lambda lib: list(zip(grid(lib), grid(lib), strict=True))[1][0],
    "eq none": lambda lib: [lib.tensor(1) is None, (grid(lib) == None), (grid(lib) != None)],  # noqa: E711
    "numpy": lambda lib: grid(lib).numpy().tolist(),
    "asarray": lambda lib: np.asarray(grid(lib)).tolist(),
    "np.array dtype": lambda lib: str(np.array(grid(lib), dtype=np.float32).dtype),
    "numpy function": lambda lib: float(np.sum(np.asarray(grid(lib)))),
    "numpy scalar left": lambda lib: lib.tensor([1.0, 2.0]) * np.float32(2),
    "deepcopy": lambda lib: copy.deepcopy(grid(lib)),
    "copy": lambda lib: copy.copy(grid(lib)),
    "pickle": lambda lib: pickle.loads(pickle.dumps(grid(lib).t())),
    "pickle bfloat16": lambda lib: pickle.loads(
        pickle.dumps(lib.tensor([1.5], dtype=lib.bfloat16))
    ),
    "from tensors": lambda lib: lib.tensor([lib.tensor(1.0), lib.tensor(2.5)]),
    "from array": lambda lib: lib.tensor(np.array([[1.0, 2.0]])),
    "from scalar": lambda lib: lib.tensor(np.float32(1.5)),
    "from numpy list": lambda lib: lib.tensor([np.float64(1.5), np.float64(2)]),
    "from tensor": lambda lib: lib.as_tensor(lib.tensor([1, 2])),
    "FloatTensor": lambda lib: [
        lib.FloatTensor([1, 2]),
        lib.LongTensor([3]),
        lib.FloatTensor(2, 3).shape == (2, 3),
    ],
    "requires_grad keyword": lambda lib: [
        lib.ones(2, requires_grad=True).requires_grad,
        lib.randn(2, requires_grad=True).is_leaf,
    ],
    "is": lambda lib: grid(lib).to(lib.int64) is not None,
    "sizes from Size": lambda lib: lib.zeros(grid(lib).shape),
    "Tensor": lambda lib: [
        lib.Tensor([1, 2]),
        lib.Tensor([[1.5], [2]]),
        lib.Tensor((2, 3)),
        lib.Tensor(np.array([1, 2])),
        lib.Tensor(lib.tensor([1, 2])),
        lib.Tensor(),
        lib.FloatTensor(),
        lib.LongTensor(lib.tensor([3])),
    ],
    "Tensor of a size": lambda lib: [
        tuple(x.shape)
        for x in (lib.Tensor(2, 3), lib.Tensor(5), lib.Tensor(lib.Size([2, 1])), lib.IntTensor(4))
    ],
    "Tensor is a Tensor": lambda lib: [
        isinstance(lib.Tensor([1]), lib.Tensor),
        isinstance(lib.nn.Parameter(lib.Tensor([1, 2])), lib.Tensor),
        lib.nn.Parameter(lib.Tensor([1, 2])).requires_grad,
        lib.Tensor([1.0]).requires_grad_().is_leaf,
    ],
    "max prints": lambda lib: repr(lib.arange(6.0).reshape(2, 3).max(0)),
    "min prints": lambda lib: repr(lib.arange(6.0).reshape(2, 3).min(1, keepdim=True)),
    "sort prints": lambda lib: str(lib.tensor([[3.5, 1], [2, 4]], requires_grad=True).sort()),
    "topk prints": lambda lib: repr(lib.tensor([3, 1, 2]).topk(2)),
    "median prints": lambda lib: repr(grid(lib).median(0)),
    "max parts": lambda lib: [
        (lambda values, indices: (indices, values))(*grid(lib).max(1)),
        grid(lib).max(1).values,
        grid(lib).max(1).indices,
        grid(lib).max(1)[1],
        len(grid(lib).max(1)),
        isinstance(grid(lib).max(1), tuple),
    ],
    "truth of comparison": lambda lib: bool((grid(lib) >= 0).all()),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.filterwarnings("ignore")
def test_answers(name: str) -> None:
    ours, theirs = (ANSWERS[name](lib) for lib in LIBRARIES)
    assert_same(tapeout, torch, ours, theirs)


def test_to_returns_the_tensor_itself_where_nothing_changes() -> None:
    for lib in LIBRARIES:
        x = lib.zeros(2)
        assert x.to(lib.float32) is x
        assert x.to("cpu") is x
        assert x.float() is x
        assert x.contiguous() is x
        assert x.to(lib.float32, copy=True) is not x
        assert x.cpu() is x


ARRAYS = [np.array([2.0, 0.5, 3.0]), np.array([2, 0.5, 3], np.float32), np.array([[1.0], [2.0]])]


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%", "**", "=="])
@pytest.mark.parametrize("array", ARRAYS, ids=["double", "float", "column"])
def test_arrays_beside_tensors(sign: str, array: Any) -> None:
    scopes = [{"x": lib.tensor([1.0, 2.0, 5.0]), "a": array} for lib in LIBRARIES]
    assert_same(tapeout, torch, *(eval(f"x {sign} a", scope) for scope in scopes))


@pytest.mark.parametrize(
    "sign", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="]
)
def test_arrays_on_the_left_and_compared(sign: str) -> None:
    array = np.array([2.0, 1.5, 3.0], np.float32)
    for text in (f"a {sign} x", f"x {sign} a"):
        found = eval(text, {"x": tapeout.tensor([1.0, 2.0, 3.0]), "a": array})
        expected = eval(text, {"x": torch.tensor([1.0, 2.0, 3.0]), "a": torch.from_numpy(array)})
        assert_same(tapeout, torch, found, expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_matrix_products_with_arrays(kind: Any) -> None:
    matrix, array = [[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]], np.array([[1], [2], [4]], kind)
    assert_same(tapeout, torch, *(lib.tensor(matrix) @ array for lib in LIBRARIES))
    reflected = array.T @ tapeout.tensor(matrix).T
    assert_same(
        tapeout,
        torch,
        reflected,
        torch.from_numpy(array.T) @ torch.tensor(matrix).T.to(torch.from_numpy(array).dtype),
    )


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "**="])
def test_arrays_change_a_tensor_in_place(sign: str) -> None:
    x = tapeout.tensor([1.0, 2.0, 3.0])
    scope = {"x": x, "a": np.array([2.0, 4.0, 3.0])}
    exec(f"x {sign} a", scope)
    assert scope["x"] is x
    expected = {"x": torch.tensor([1.0, 2.0, 3.0]), "a": torch.tensor([2.0, 4.0, 3.0])}
    exec(f"x {sign} a", expected)
    assert_same(tapeout, torch, x, expected["x"])


def test_an_array_in_a_trace_is_a_literal() -> None:
    array = np.array([1.0, 2.0, 4.0], np.float32)
    func = tapeout.ir.verify(tapeout.trace(lambda x: array + x * array, tapeout.spec((3,))))
    (found,) = tapeout.ir.run(func, np.array([3.0, 5.0, 7.0], np.float32))
    assert found.tolist() == [4.0, 12.0, 32.0]
    assert "literal" in str(func)


def test_the_old_constructor_in_a_trace_and_in_a_subclass() -> None:
    func = tapeout.trace(lambda x: x + tapeout.Tensor([1, 2]), tapeout.spec((2,)))
    assert tapeout.ir.run(func, np.array([3.0, 5.0], np.float32))[0].tolist() == [4.0, 7.0]

    class Named(tapeout.Tensor):
        pass

    assert isinstance(Named([1, 2]), Named)
    assert Named([1, 2]).tolist() == [1.0, 2.0]


def test_the_old_constructor_shares_a_tensors_memory() -> None:
    for lib in LIBRARIES:
        x = lib.zeros(2)
        lib.Tensor(x)[0] = 5
        assert x.tolist() == [5.0, 0.0]


def test_questions_about_tensors() -> None:
    x = tapeout.zeros(2, 3, dtype=tapeout.float16)
    assert [inquiry.is_tensor(x), inquiry.is_tensor(3), inquiry.numel(x)] == [True, False, 6]
    assert inquiry.is_floating_point(x)
    assert not inquiry.is_floating_point(grid(tapeout))


@pytest.mark.parametrize("kind", [RuntimeError, AssertionError])
def test_a_device_that_is_not_there_is_refused_as_pytorch_refuses_it(kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"no 'cuda' backend on this machine.*use the device 'cpu'"):
        tapeout.zeros(2).to("cuda")
    assert not tapeout.cuda.is_available()
