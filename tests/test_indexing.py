"""`x[...]` against PyTorch: reading, writing, gradients of both, refusals; and traced against eager."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_identical, assert_same

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)


def ix(*data: Any) -> Any:
    """An index tensor, made by either library when it is asked to."""
    return lambda lib: lib.tensor(list(data))


def mask(lib: Any, *shape: int) -> Any:
    return lib.tensor(np.arange(int(np.prod(shape))).reshape(shape) % 3 == 1)


def scalar(number: int) -> Any:
    return lambda lib: lib.tensor(number)


S = slice
# Each is tried on a tensor of shape [4, 3, 5].
BASIC = {
    "int": 1,
    "negative": -1,
    "two ints": (2, 1),
    "three ints": (0, 1, 2),
    "slice": S(1, 3),
    "step": S(None, None, 2),
    "open end": S(2, None),
    "negative ends": S(-3, -1),
    "beyond": S(2, 99),
    "empty": S(3, 1),
    "all": S(None),
    "ellipsis": ...,
    "ellipsis int": (..., 2),
    "int ellipsis": (1, ...),
    "none": None,
    "none middle": (S(None), None, 1),
    "none last": (..., None),
    "two nones": (None, 1, None),
    "mixed": (S(1, 4, 2), 0, S(1, None)),
    "tuple of slices": (S(1), S(1, 3)),
    "empty tuple": (),
    "int slice int": (3, S(None), -2),
    "numpy int": np.int64(2),
    "0-dim tensor": scalar(2),
    "0-dim tensors": (scalar(2), S(None), scalar(-1)),
}
ADVANCED = {
    "vector": ix(0, 2, 2),
    "negative indices": ix(-1, 0, -4),
    "matrix": ix([0, 1], [3, 2]),
    "list": [0, 2],
    "nested list": ([0, 1], [2, 0]),
    "two vectors": (ix(0, 3, 1), ix(2, 2, 0)),
    "three vectors": (ix(0, 3), ix(2, 2), ix(4, 1)),
    "broadcast": (ix([0], [3]), ix(2, 0, 1)),
    "slice vector": (S(None), ix(2, 0)),
    "slice vector slice": (S(1, 3), ix(2, 0), S(0, 4, 2)),
    "vector slice vector": (ix(0, 3), S(None), ix(4, 1)),
    "int vector": (1, ix(2, 0)),
    "vector int": (ix(2, 0), 1),
    "int slice vector": (1, S(None), ix(4, 0, 1)),
    "vector slice int": (ix(2, 0), S(None), 1),
    "vector none": (ix(2, 0), None),
    "none vector": (None, ix(2, 0)),
    "ellipsis vector": (..., ix(4, 0)),
    "empty list": [],
    "empty vector": lambda lib: lib.zeros(0, dtype=lib.int64),
    "int32": lambda lib: lib.tensor([0, 3], dtype=lib.int32),
    "array": np.array([1, 3]),
    "vector ellipsis vector": (ix(0, 3), ..., ix(4, 1)),
    "slice two vectors": (S(None), ix(0, 2), ix(1, 4)),
    "range": range(2),
}
MASKS = {
    "mask": lambda lib: mask(lib, 4),
    "matrix mask": lambda lib: mask(lib, 4, 3),
    "full mask": lambda lib: mask(lib, 4, 3, 5),
    "slice mask": (S(None), lambda lib: mask(lib, 3)),
    "mask int": (lambda lib: mask(lib, 4), 1),
    "mask vector": (lambda lib: mask(lib, 4), ix(1)),
    "ellipsis mask": (..., lambda lib: mask(lib, 5)),
    "bool list": [True, False, True, False],
    "true": True,
    "false": False,
    "no true": lambda lib: lib.tensor([False] * 4),
    "numpy mask": np.array([True, False, False, True]),
    "0-dim mask": lambda lib: lib.tensor(True),
}
READS = {**BASIC, **ADVANCED, **MASKS}
# Nothing is written where False points; what PyTorch makes of it depends on the value.
WRITES = {k: v for k, v in READS.items() if k not in ("false", "0-dim mask")}


def resolve(lib: Any, key: Any) -> Any:
    """The index for a library."""
    if isinstance(key, tuple):
        return tuple(resolve(lib, k) for k in key)
    return key(lib) if callable(key) else key


def sample(lib: Any, requires_grad: bool = False, shape: tuple[int, ...] = (4, 3, 5)) -> Any:
    data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) * 0.5 - 7
    return lib.tensor(data, requires_grad=requires_grad)


def cotangent(lib: Any, like: Any) -> Any:
    return lib.tensor(np.random.default_rng(3).uniform(1, 2, tuple(like.shape)).astype(np.float32))


@pytest.mark.parametrize("key", READS.values(), ids=READS.keys())
def test_reading(key: Any) -> None:
    ours, theirs = (sample(lib)[resolve(lib, key)] for lib in LIBRARIES)
    assert_same(tapeout, torch, ours, theirs)


@pytest.mark.parametrize("key", READS.values(), ids=READS.keys())
def test_the_gradient_of_reading(key: Any) -> None:
    grads, names = [], []
    for lib in LIBRARIES:
        x = sample(lib, requires_grad=True)
        y = x[resolve(lib, key)]
        names.append(y.grad_fn.name())
        y.backward(cotangent(lib, y))
        grads.append(x.grad)
    assert_same(tapeout, torch, *grads)
    assert names[0] == names[1]


def values_for(lib: Any, x: Any, key: Any) -> dict[str, Any]:
    """A number, a 0-dim tensor, a full-sized and a broadcast value to write at an index."""
    part = x[key]
    full = lib.tensor(np.random.default_rng(5).uniform(-1, 1, tuple(part.shape)).astype(np.float32))
    values = {"number": 2.5, "0-dim": lib.tensor(1.5), "full": full, "other dtype": lib.tensor(3)}
    if part.ndim:
        values["broadcast"] = full[..., :1] if part.shape[-1] else full
    return values


@pytest.mark.parametrize("kind", ["number", "0-dim", "full", "broadcast", "other dtype"])
@pytest.mark.parametrize("key", WRITES.values(), ids=WRITES.keys())
def test_writing(key: Any, kind: str) -> None:
    results = []
    for lib in LIBRARIES:
        x, where = sample(lib), resolve(lib, key)
        values = values_for(lib, x, where)
        if kind not in values:
            pytest.skip("one element has nothing to broadcast")
        try:
            x[where] = values[kind]
            results.append(x)
        except RuntimeError as error:
            results.append(str(error)[:60])
    if isinstance(results[1], str):
        assert results[0].startswith("Index put requires the source and destination dtypes match")
        assert results[0] == results[1]
    else:
        assert_same(tapeout, torch, *results)


@pytest.mark.parametrize("key", WRITES.values(), ids=WRITES.keys())
def test_gradients_through_writing(key: Any) -> None:
    """To the tensor written to, and to the value."""
    results = []
    for lib in LIBRARIES:
        x, where = sample(lib, requires_grad=True), resolve(lib, key)
        value = values_for(lib, x.detach(), where)["full"].requires_grad_()
        y = x * 2
        y[where] = value * 3
        (y * cotangent(lib, y)).sum().backward()
        results.append([y, x.grad, value.grad])
    assert_same(tapeout, torch, *results)


@pytest.mark.parametrize(
    "key", [ix(0, 2, 0), (ix(0, 0), ix(1, 1)), (S(None), ix(2, 2))], ids=["one", "two", "second"]
)
def test_repeated_indices_accumulate_gradients_but_not_writes(key: Any) -> None:
    results = []
    for lib in LIBRARIES:
        x, where = sample(lib, requires_grad=True), resolve(lib, key)
        (x[where] * 2).sum().backward()
        y = sample(lib)
        y[where] += 1
        results.append([x.grad, y])
    assert_same(tapeout, torch, *results)


@pytest.mark.parametrize("accumulate", [False, True])
def test_index_put(accumulate: bool) -> None:
    results = []
    for lib in LIBRARIES:
        x = sample(lib)
        value = lib.tensor([[1.0] * 5, [2.0] * 5, [4.0] * 5])
        x.index_put_((lib.tensor([0, 3, 0]), lib.tensor([1, 2, 1])), value, accumulate=accumulate)
        results.append(x)
    if accumulate:
        assert_same(tapeout, torch, *results)
    else:
        assert_same(tapeout, torch, results[0][3], results[1][3])


TRACEABLE = {
    k: v for k, v in {**BASIC, **ADVANCED}.items() if k not in ("0-dim tensor", "0-dim tensors")
}


@pytest.mark.parametrize("key", TRACEABLE.values(), ids=TRACEABLE.keys())
def test_traced_reading_and_writing_equal_eager(key: Any) -> None:
    where = resolve(tapeout, key)
    value = values_for(tapeout, sample(tapeout), where)["full"]

    def program(x: Any, v: Any) -> Any:
        y = x * 1
        y[where] = v
        return x[where], y

    func = tapeout.ir.verify(tapeout.trace(program, sample(tapeout), value))
    state = [
        np.asarray(t)
        for t in (where if isinstance(where, tuple) else (where,))
        if isinstance(t, tapeout.Tensor)
    ]
    found = tapeout.ir.run(func, sample(tapeout).numpy(), value.numpy(), *state)
    for mine, eager in zip(found, program(sample(tapeout), value), strict=True):
        assert_identical(mine, eager.numpy())


def test_a_traced_index_of_no_dimensions() -> None:
    func = tapeout.ir.verify(
        tapeout.trace(lambda x, i: x[i, :, 1], sample(tapeout), tapeout.tensor(0))
    )
    x = sample(tapeout).numpy()
    (found,) = tapeout.ir.run(func, x, 2)
    np.testing.assert_array_equal(found, x[2, :, 1])


MISTAKES = {
    "too large": (7, "index 7 is out of bounds for dimension 0 with size 4"),
    "too small": (-5, "index -5 is out of bounds for dimension 0 with size 4"),
    "too large in dim 1": ((0, 3), "index 3 is out of bounds for dimension 1 with size 3"),
    "too many": ((0, 0, 0, 0), "too many indices for tensor of dimension 3"),
    "too large in vector": (ix(0, 4), "index 4 is out of bounds for dimension 0 with size 4"),
    "too small in vector": (ix(0, -5), "index -5 is out of bounds for dimension 0 with size 4"),
    "too large in second vector": (
        (ix(0, 1), ix(0, 3)),
        "index 3 is out of bounds for dimension 1 with size 3",
    ),
    "mask of another size": (
        lambda lib: mask(lib, 5),
        r"The shape of the mask \[5\] at index 0 does not match the shape of the indexed tensor \[4, 3, 5\]",
    ),
    "float": (1.5, "float"),
    "float tensor": (
        lambda lib: lib.tensor([1.0]),
        "tensors used as indices must be long, int, byte or bool tensors",
    ),
    "string": ("a", "str"),
    "negative step": (S(None, None, -1), "step must be greater than zero"),
    "shapes that do not broadcast": ((ix(0, 1), ix(0, 1, 2)), r"\[2\].*\[3\]"),
}


@pytest.mark.parametrize("key, text", MISTAKES.values(), ids=MISTAKES.keys())
def test_wrong_indices_are_refused_as_pytorch_refuses_them(key: Any, text: str) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        sample(torch)[resolve(torch, key)]
    with pytest.raises(theirs.type, match=text):
        sample(tapeout)[resolve(tapeout, key)]


def test_a_value_of_the_wrong_shape_is_refused() -> None:
    for lib in LIBRARIES:
        x = sample(lib)
        with pytest.raises(RuntimeError, match=r"[\[\(]2[\]\)\, ].*3"):
            x[0, :, 0] = lib.ones(2)


def test_zero_dimensional_tensors_are_indexed_by_nothing() -> None:
    x = tapeout.tensor(3.0)
    assert x[()].item() == x[...].item() == 3.0
    assert x[None].shape == (1,)
    with pytest.raises(IndexError, match="0-dim"):
        x[0]


@pytest.mark.parametrize("path", ["gather", "scatter", "index_select", "index_add"])
def test_functions_refuse_an_index_out_of_bounds(path: str) -> None:
    def attempt(lib: Any) -> Any:
        x, index = lib.zeros(3, 4), lib.tensor([[1, 4]])
        if path == "gather":
            return lib.gather(x, 1, index)
        if path == "scatter":
            return lib.scatter(x, 1, index, lib.ones(1, 2))
        if path == "index_select":
            return lib.index_select(x, 1, index[0])
        return lib.index_add(x, 1, index[0], lib.ones(3, 2))

    with pytest.raises((IndexError, RuntimeError)) as theirs:
        attempt(torch)
    with pytest.raises(theirs.type, match="index 4 is out of bounds for dimension 1 with size 4"):
        attempt(tapeout)


def test_one_hot_finds_the_number_of_classes_eagerly_only() -> None:
    one_hot = tapeout.tracer.indexing.one_hot
    labels = tapeout.tensor([0, 3, 1])
    assert one_hot(labels).tolist() == torch.nn.functional.one_hot(torch.tensor([0, 3, 1])).tolist()
    with pytest.raises(
        RuntimeError, match=r"Class values must be in 0\.\.2, but they run from 0 to 3"
    ):
        one_hot(labels, 3)
    with pytest.raises(tapeout.TraceError, match=r"one_hot\(\) without num_classes"):
        tapeout.trace(one_hot, labels)


def test_slices_share_memory_and_picked_elements_do_not() -> None:
    x = sample(tapeout)
    window, picked = x[1:3], x[tapeout.tensor([1, 2])]
    x[1] = 100.0
    assert window[0, 0, 0].item() == 100.0
    assert picked[0, 0, 0].item() != 100.0


def test_negative_steps_name_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"step must be greater than zero; use flip\(\)"):
        sample(tapeout)[::-1]
