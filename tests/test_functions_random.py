"""Random functions against PyTorch: the same seed gives the same numbers, whichever generator they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapeout
from function_samples import assert_same

torch = pytest.importorskip("torch")

LIBRARIES = (tapeout, torch)

DRAWS: dict[str, Callable[[Any], Any]] = {
    "rand": lambda lib: lib.rand(2, 3),
    "rand float64": lambda lib: lib.rand((5,), dtype=lib.float64),
    "rand of nothing": lambda lib: lib.rand(0, 3),
    "randn": lambda lib: lib.randn(2, 3),
    "randn of many": lambda lib: lib.randn(17, 3),
    "randint": lambda lib: lib.randint(10, (4,)),
    "randint from": lambda lib: lib.randint(-3, 5, (2, 3)),
    "randint low and high": lambda lib: lib.randint(low=2, high=9, size=(4,)),
    "randint dtype": lambda lib: lib.randint(0, 5, (3,), dtype=lib.int32),
    "randperm": lambda lib: lib.randperm(9),
    "rand_like": lambda lib: lib.rand_like(lib.zeros(2, 3)),
    "randn_like": lambda lib: lib.randn_like(lib.zeros(2, 3, dtype=lib.float64)),
    "randint_like": lambda lib: lib.randint_like(lib.zeros(4), 7),
    "uniform_": lambda lib: lib.empty(2, 3).uniform_(-1, 2),
    "normal_": lambda lib: lib.empty(17).normal_(3, 0.5),
    "rand size": lambda lib: [
        lib.rand(size=(2, 3)),
        lib.randn(size=[2]),
        lib.empty(size=(2,)).shape,
    ],
    "random_": lambda lib: [
        lib.zeros(9, dtype=getattr(lib, dtype)).random_()
        for dtype in ("float32", "float64", "uint8", "int8", "int16", "int64", "bool")
    ],
    "random_ to": lambda lib: [lib.zeros(9).random_(7), lib.zeros(9, dtype=lib.int32).random_(7)],
    "random_ from to": lambda lib: lib.zeros(9, dtype=lib.int8).random_(-3, 5),
    "random_ wide": lambda lib: lib.zeros(9, dtype=lib.int64).random_(-(2**40), 2**41),
    "exponential_": lambda lib: [lib.zeros(9).exponential_(), lib.zeros(3, 5).exponential_(2.5)],
    "bernoulli_": lambda lib: [
        lib.zeros(40).bernoulli_(0.3),
        lib.zeros(40, dtype=lib.int64).bernoulli_(),
        lib.zeros(7).bernoulli_(1.0),
    ],
    "bernoulli_ tensor": lambda lib: lib.zeros(4, 3).bernoulli_(lib.tensor([0.2, 0.5, 0.9])),
    "dtype float": lambda lib: [
        lib.rand(3, dtype=float),
        lib.randint(9, (3,), dtype=float),
        lib.randperm(5, dtype=float),
        lib.rand_like(lib.ones(3), dtype=float),
    ],
    "bernoulli": lambda lib: lib.bernoulli(lib.full((20,), 0.3)),
    "multinomial": lambda lib: lib.multinomial(lib.tensor([0.1, 0.5, 0.4]), 2),
    "multinomial again": lambda lib: lib.multinomial(lib.ones(2, 3), 5, replacement=True),
    "normal sizes": lambda lib: lib.normal(1.0, 2.0, (3,)),
    "normal tensors": lambda lib: lib.normal(lib.zeros(3), lib.ones(3)),
    "several": lambda lib: [lib.rand(3), lib.randn(5), lib.randperm(4), lib.rand(2)],
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_gives_the_same_numbers(name: str) -> None:
    results = []
    for lib in LIBRARIES:
        lib.manual_seed(1234)
        results.append(DRAWS[name](lib))
    assert_same(tapeout, torch, *results)


def test_a_generator_is_a_stream_of_its_own() -> None:
    results = []
    for lib in LIBRARIES:
        lib.manual_seed(1)
        g = lib.Generator().manual_seed(7)
        results.append(
            [lib.rand(3, generator=g), lib.rand(3), g.initial_seed(), lib.initial_seed()]
        )
    assert_same(tapeout, torch, *results)


def test_a_state_can_be_saved_and_restored() -> None:
    tapeout.manual_seed(3)
    tapeout.rand(5)
    state = tapeout.get_rng_state()
    first = tapeout.randn(20)
    tapeout.set_rng_state(state)
    assert tapeout.randn(20).tolist() == first.tolist()


def test_states_are_interchangeable_with_pytorch() -> None:
    torch.manual_seed(11)
    torch.randn(3)
    tapeout.set_rng_state(tapeout.from_numpy(torch.get_rng_state().numpy()))
    assert_same(tapeout, torch, tapeout.rand(10), torch.rand(10))


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda lib: lib.randint(5, 5, (2,)), "from=5 >= to=5"),
        (lambda lib: lib.rand(-1), "negative dimension -1"),
        (lambda lib: lib.randperm(-1), "-1"),
        (lambda lib: lib.multinomial(lib.ones(2), 3), "without replacement"),
        (lambda lib: lib.zeros(2).random_(3, 3), "from=3 >= to=3"),
        (lambda lib: lib.zeros(2, dtype=lib.uint8).random_(0, 300), "to - 1 .* 299 .*0 to 255"),
        (lambda lib: lib.zeros(2, dtype=lib.uint8).random_(-2, 3), "from .* -2 "),
        (lambda lib: lib.zeros(2).exponential_(-1), "lambda > 0.0, but found lambda=-1"),
        (lambda lib: lib.zeros(2, dtype=lib.int64).exponential_(), "floating point.* Long"),
        (lambda lib: lib.zeros(2).bernoulli_(2), r"in \[0, 1\], but got p=2"),
    ],
    ids=[
        "empty range",
        "negative size",
        "negative count",
        "too many draws",
        "random_ range",
        "random_ high",
        "random_ low",
        "rate",
        "counts",
        "chance",
    ],
)
def test_refusals(call: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        call(torch)
    with pytest.raises(theirs.type, match=text):
        call(tapeout)


def test_overwriting_with_draws_can_be_traced() -> None:
    def program(x: Any) -> Any:
        return x.exponential_(2.0) + x.clone().random_(5) + x.clone().bernoulli_(0.5)

    tapeout.manual_seed(5)
    eager = program(tapeout.zeros(6))
    tapeout.manual_seed(5)
    func = tapeout.ir.verify(tapeout.trace(program, tapeout.spec((6,))))
    state = next(np.asarray(a) for a in [tapeout.tracer.random.default_generator.state_tensor()])
    found = tapeout.ir.run(func, np.zeros(6, np.float32), state)[0]
    assert found.tolist() == eager.tolist()
