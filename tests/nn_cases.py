"""Layers and losses with inputs to try them on, for both libraries; and how their answers are compared."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tapeout.nn
from tapeout import ir
from tapeout.tracer.program import trace_program


class Layer(NamedTuple):
    """A layer of `nn`, how it is made, and the shapes of inputs that it takes."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    shapes: tuple[tuple[int, ...], ...] = ((4, 3),)

    def make(self, lib: Any) -> Any:
        return getattr(lib.nn, self.name)(*self.args, **self.kwargs)

    @property
    def id(self) -> str:
        settings = [*map(str, self.args), *(f"{k}={v}" for k, v in self.kwargs.items())]
        return f"{self.name}({','.join(settings)})"


ANY_SHAPE = ((), (5,), (2, 3, 5))
ELEMENTWISE = [
    Layer(name, args, kwargs, ANY_SHAPE)
    for name, args, kwargs in [
        ("ReLU", (), {}), ("ReLU6", (), {}), ("LeakyReLU", (), {}), ("LeakyReLU", (0.2,), {}), ("ELU", (), {}),
        ("ELU", (0.7,), {}), ("SELU", (), {}), ("CELU", (), {}), ("CELU", (1.5,), {}), ("GELU", (), {}),
        ("GELU", ("tanh",), {}), ("SiLU", (), {}), ("Mish", (), {}), ("Softplus", (), {}), ("Softplus", (2.0, 1.5), {}),
        ("Sigmoid", (), {}), ("Tanh", (), {}), ("Hardtanh", (), {}), ("Hardtanh", (-0.5, 2), {}), ("Softsign", (), {}),
        ("Tanhshrink", (), {}), ("LogSigmoid", (), {}), ("Hardsigmoid", (), {}), ("Hardswish", (), {}),
        ("PReLU", (), {}), ("Identity", (), {}),
    ]
]  # fmt: skip
SHAPED = [
    Layer("Linear", (3, 4), {}, ((3,), (2, 3), (2, 5, 3))),
    Layer("Linear", (3, 4), {"bias": False}, ((3,), (2, 3), (2, 5, 3))),
    Layer("PReLU", (3,), {"init": 0.1}, ((2, 3), (2, 3, 5))),
    Layer("Softmax", (1,), {}, ((2, 3), (2, 3, 5))),
    Layer("Softmax", (-1,), {}, ((5,), (2, 3))),
    Layer("Softmin", (0,), {}, ((2, 3),)),
    Layer("LogSoftmax", (), {"dim": 1}, ((2, 3), (2, 3, 5))),
    Layer("Flatten", (), {}, ((2, 3), (2, 3, 5), (2, 3, 5, 4))),
    Layer("Flatten", (0, 1), {}, ((2, 3, 5),)),
    Layer("Unflatten", (1, (3, 2)), {}, ((4, 6), (4, 6, 5))),
    Layer("LayerNorm", (3,), {}, ((3,), (2, 3), (2, 5, 3))),
    Layer("LayerNorm", ((5, 3),), {"eps": 1e-2}, ((2, 5, 3),)),
    Layer("LayerNorm", (3,), {"bias": False}, ((2, 3),)),
    Layer("LayerNorm", (3,), {"elementwise_affine": False}, ((2, 3),)),
    Layer("BatchNorm1d", (3,), {}, ((4, 3), (4, 3, 5))),
    Layer("BatchNorm1d", (3,), {"eps": 1e-2, "momentum": 0.3}, ((4, 3), (2, 3, 5))),
    Layer("BatchNorm1d", (3,), {"momentum": None}, ((4, 3), (4, 3, 5))),
    Layer("BatchNorm1d", (3,), {"affine": False}, ((4, 3),)),
    Layer("BatchNorm1d", (3,), {"bias": False}, ((4, 3),)),
    Layer("BatchNorm1d", (3,), {"track_running_stats": False}, ((4, 3), (4, 3, 5))),
]
LAYERS = ELEMENTWISE + SHAPED


def values(*shape: int, seed: Any = 0, dtype: str = "float64") -> np.ndarray:
    """Numbers on both sides of 0, the same for the same shape and seed."""
    number = zlib.crc32(repr((shape, seed)).encode())
    return np.asarray(np.random.default_rng(number).normal(0.1, 1.7, shape)).astype(dtype)


def leaf(lib: Any, array: np.ndarray) -> Any:
    """A tensor of a library that asks for gradients."""
    return lib.tensor(array.tolist(), dtype=getattr(lib, str(array.dtype))).requires_grad_()


def constant(lib: Any, array: np.ndarray) -> Any:
    return lib.tensor(array.tolist(), dtype=getattr(lib, str(array.dtype)))


def fill(module: Any) -> None:
    """Give a tapeout module state that no initialisation would, so that nothing is 0 or 1 by chance."""
    for key, tensor in module.state_dict().items():
        if tensor.dtype.is_floating_point:
            low = 0.5 if key.endswith("var") else 0.0
            array = values(*tensor.shape, seed=key)
            tensor.copy_(tapeout.from_numpy(np.abs(array) + low if low else array))


def same_state(mine: Any, theirs: Any) -> None:
    """Load a tapeout module's state into PyTorch's module."""
    state = mine.state_dict()
    likes = theirs.state_dict()
    theirs.load_state_dict({k: v.new_tensor(state[k].tolist()) for k, v in likes.items()})


TOLERANCE = {"float64": 1e-11, "float32": 2e-5}


def close(mine: Any, theirs: Any, what: str = "", tolerance: float = 0.0) -> None:
    """Shapes and dtypes are equal, and values as near as the dtype allows."""
    assert (mine is None) == (theirs is None), what
    if mine is None:
        return
    assert str(mine.dtype) == str(theirs.dtype), what
    assert tuple(mine.shape) == tuple(theirs.shape), what
    a, b = np.asarray(mine.detach().numpy()), np.asarray(theirs.detach().numpy())
    tolerance = max(tolerance, TOLERANCE.get(str(a.dtype), 0.0))
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=what)


def node(tensor: Any) -> str | None:
    """The name of the graph node that made a tensor."""
    return None if tensor.grad_fn is None else tensor.grad_fn.name()


def backward(output: Any, lib: Any) -> None:
    """Gradients of a weighted sum of the output's elements."""
    weights = constant(
        lib, values(*output.shape, seed="g", dtype=str(output.dtype).rpartition(".")[2])
    )
    (output * weights).sum().backward()


def run_traced(function: Callable[..., Any], *inputs: Any) -> list[np.ndarray]:
    """Trace a function for inputs, check the program, run it, and put the state that it returns back."""
    traced = trace_program(function, *inputs)
    state = [slot.tensor for slot in traced.state]
    arrays = [np.array(x.detach().numpy()) for x in (*inputs, *state)]
    found = ir.run(ir.verify(traced.func), *arrays)
    into = {slot.arg: slot.tensor for slot in traced.state}
    outputs = []
    for array, result in zip(found, traced.func.results, strict=True):
        if result.into is None:
            outputs.append(array)
        else:
            np.copyto(into[result.into].detach().numpy(), array)
    return outputs
