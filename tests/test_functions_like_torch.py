"""Every function of the table against PyTorch (values, gradients, graph nodes), and traced against eager."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import (
    Call,
    Entry,
    assert_identical,
    assert_same,
    find,
    made,
    tensors_in,
    values_of,
)
from function_table import TABLE

torch = pytest.importorskip("torch")


def names(entries: Any) -> list[str]:
    return [e.name for e in entries]


def attempt(lib: Any, function: Any, sample: Call, dtype: str) -> tuple[Any, Exception | None]:
    args, kwargs = made(lib, sample, dtype)
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error


def compare(entry: Entry, path: Any, sample: Call, dtype: str) -> None:
    theirs, refusal = attempt(torch, find(torch, path), sample, dtype)
    ours, error = attempt(tapeout, find(tapeout, path), sample, dtype)
    if refusal is not None:
        assert error is not None, f"PyTorch refuses this: {refusal!r}"
        assert isinstance(error, type(refusal)), f"{error!r} where PyTorch has {refusal!r}"
        return
    if error is not None:
        raise error
    assert_same(tapeout, torch, ours, theirs, entry.loose, entry.signs)


def each(entry: Entry, check: Any, dtypes: Any) -> None:
    """Check every call in every dtype; a failure says which."""
    for sample in entry.calls:
        for dtype in dtypes:
            try:
                check(sample, dtype)
            except Exception as error:
                pytest.fail(f"{entry.name}{sample} in {dtype}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("entry", TABLE, ids=names(TABLE))
def test_values_dtypes_and_shapes(entry: Entry) -> None:
    each(entry, lambda s, d: compare(entry, entry.path or entry.name, s, d), entry.dtypes)


def is_method_too(entry: Entry) -> bool:
    first = entry.calls[0].args[:1]
    return (
        bool(first)
        and entry.path is None
        and type(first[0]).__name__ == "T"
        and hasattr(torch.Tensor, entry.name)
    )


METHODS = [e for e in TABLE if is_method_too(e)]


@pytest.mark.parametrize("entry", METHODS, ids=names(METHODS))
def test_the_method_does_the_same(entry: Entry) -> None:
    calls = tuple(c for c in entry.calls if type(c.args[0]).__name__ == "T")
    each(
        entry._replace(calls=calls),
        lambda s, d: compare(entry, f".{entry.name}", s, d),
        entry.dtypes[:1],
    )


def results_and_gradients(lib: Any, entry: Entry, sample: Call, dtype: str) -> Any:
    """What the call returns, and the gradients of its floating-point arguments for a fixed cotangent."""
    args, kwargs = made(lib, sample, dtype)
    inputs = [x for x in tensors_in(lib, args, kwargs) if x.is_floating_point()]
    for x in inputs:
        x.requires_grad_()
    results = [r for r in tensors_in(lib, entry.function(lib)(*args, **kwargs)) if r.requires_grad]
    if not results:
        return results, []
    cotangents = [cotangent(lib, r, i) for i, r in enumerate(results)]
    return results, list(lib.autograd.grad(results, inputs, cotangents, allow_unused=True))


def cotangent(lib: Any, result: Any, number: int) -> Any:
    rng = np.random.default_rng(17 + number)
    return lib.tensor(rng.uniform(0.5, 2, tuple(result.shape)), dtype=result.dtype)


DIFFERENTIABLE = [e for e in TABLE if e.grad and set(e.dtypes) & set(e.grad_dtypes)]


def refused(entry: Entry, sample: Call, dtype: str) -> bool:
    """Can PyTorch not do this call, or not differentiate it?"""
    if attempt(torch, entry.function(torch), sample, dtype)[1] is not None:
        return True
    try:
        results_and_gradients(torch, entry, sample, dtype)
    except RuntimeError:
        return True
    return False


@pytest.mark.parametrize("entry", DIFFERENTIABLE, ids=names(DIFFERENTIABLE))
def test_gradients(entry: Entry) -> None:
    def check(sample: Call, dtype: str) -> None:
        if refused(entry, sample, dtype):
            return
        results, ours = results_and_gradients(tapeout, entry, sample, dtype)
        expected, theirs = results_and_gradients(torch, entry, sample, dtype)
        assert len(results) == len(expected), "results that require grad"
        assert_same(tapeout, torch, ours, theirs, 4 * entry.loose, signs=False)

    each(entry, check, entry.grad_dtypes)


NODES = [e for e in DIFFERENTIABLE if e.node]


@pytest.mark.parametrize("entry", NODES, ids=names(NODES))
def test_names_of_graph_nodes(entry: Entry) -> None:
    def check(sample: Call, dtype: str) -> None:
        if refused(entry, sample, dtype):
            return
        ours, _ = results_and_gradients(tapeout, entry, sample, dtype)
        theirs, _ = results_and_gradients(torch, entry, sample, dtype)
        found, expected = [[r.grad_fn and r.grad_fn.name() for r in rs] for rs in (ours, theirs)]
        assert found == expected, f"{found} instead of {expected}"

    each(entry, check, entry.grad_dtypes[:1])


TRACEABLE = [e for e in TABLE if e.trace]


def traced_equals_eager(function: Any, sample: Call, dtype: str) -> None:
    """The trace is sound, and running it gives what eager execution gives, bit for bit."""
    args, kwargs = made(tapeout, sample, dtype)
    inputs = list(tensors_in(tapeout, args, kwargs))
    eager = [values_of(tapeout, r) for r in tensors_in(tapeout, function(*args, **kwargs))]

    def program(*stand_ins: Any) -> Any:
        waiting = iter(stand_ins)
        again = refill(args, waiting), {k: refill(v, waiting) for k, v in kwargs.items()}
        return list(tensors_in(tapeout, function(*again[0], **again[1])))

    func = tapeout.ir.verify(tapeout.trace(program, *(x.detach() for x in inputs)))
    found = tapeout.ir.run(func, *(values_of(tapeout, x) for x in inputs))
    for mine, other in zip(found, eager, strict=True):
        assert_identical(mine, other)


def refill(value: Any, waiting: Any) -> Any:
    """A structure of arguments with other tensors in it."""
    if isinstance(value, tapeout.Tensor):
        return next(waiting)
    if isinstance(value, (list, tuple)):
        return type(value)(refill(v, waiting) for v in value)
    return value


@pytest.mark.parametrize("entry", TRACEABLE, ids=names(TRACEABLE))
def test_traced_equals_eager(entry: Entry) -> None:
    def check(sample: Call, dtype: str) -> None:
        if not refused(entry, sample, dtype):
            traced_equals_eager(entry.function(tapeout), sample, dtype)

    each(entry, check, [d for d in entry.dtypes if d in ("float32", "int64", "bool", "bfloat16")])


def with_gradients(entry: Entry) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        inputs = [
            x.requires_grad_() for x in tensors_in(tapeout, args, kwargs) if x.is_floating_point()
        ]
        results = [
            r
            for r in tensors_in(tapeout, entry.function(tapeout)(*args, **kwargs))
            if r.requires_grad
        ]
        if not results:
            return []
        ones = [tapeout.full(tuple(r.shape), 1.5, dtype=r.dtype) for r in results]
        return [
            g
            for g in tapeout.autograd.grad(results, inputs, ones, allow_unused=True)
            if g is not None
        ]

    return function


@pytest.mark.parametrize("entry", [e for e in DIFFERENTIABLE if e.trace], ids=lambda e: e.name)
def test_traced_gradients_equal_eager_ones(entry: Entry) -> None:
    def check(sample: Call, dtype: str) -> None:
        if not refused(entry, sample, dtype):
            traced_equals_eager(with_gradients(entry), sample, dtype)

    each(entry, check, entry.grad_dtypes[:1])
