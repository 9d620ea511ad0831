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
