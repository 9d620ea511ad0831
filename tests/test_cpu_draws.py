"""Random draws in native code: the reference's samples and the state after them, bit for bit."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from tapeout.backends.cpu.kernel import Kernel
from tapeout.backends.cpu.layout import Layout, dense
from tapeout.backends.cpu.lower import Job, rule_for
from tapeout.backends.cpu.target import host
from tapeout.ir import Instr, IRError, TensorType, Value
from tapeout.ir.dtypes import DType, bfloat16, bool_, float16, float32, float64, int32, int64, uint8
from tapeout.ir.op import OPS, infer
from tapeout.ir.ops.random import (
    SEEDED,
    STATE,
    Draw,
    DropoutNoise,
    RandomBernoulli,
    RandomIntegers,
    RandomMultinomial,
    RandomNormal,
    RandomPermutation,
    RandomUniform,
)
from tapeout.ir.samples import Sample
from tapeout.ir.types import type_of
from tapeout.runtime.loader import Library, load

Array = np.ndarray[Any, Any]
DRAWS = [cls for cls in OPS.values() if issubclass(cls, Draw)]
SIZES = [0, 1, 15, 16, 17, 512, 623, 624, 625, 626, 5000]
LIBRARIES: dict[str, Library] = {}
FLOATS = [float32, float64, float16, bfloat16]


def kernel_of(op: Draw, types: tuple[TensorType, ...], layouts: tuple[Layout, ...] = ()) -> Kernel:
    """The kernel of a draw; its operands lie dense unless layouts are given."""
    args = tuple(Value(t) for t in types)
    results = tuple(Value(t) for t in infer(op, types))
    own = layouts or tuple(dense(t.static_shape) for t in types)
    homes = (*own, *(dense(r.type.static_shape) for r in results))
    every = (*types, *(r.type for r in results))
    kernel = rule_for(Instr(op, args, results))(Job(op, every, homes, host(), len(args)))
    assert isinstance(kernel, Kernel)
    return kernel


def loaded(kernel: Kernel) -> Library:
    """Compiled once: equal kernels have equal symbols."""
    if kernel.symbol not in LIBRARIES:
        LIBRARIES[kernel.symbol] = load([kernel.object_code(host())], exports=[kernel.symbol])
    return LIBRARIES[kernel.symbol]


class Refused(Exception):
    pass


def call(kernel: Kernel, buffers: list[Array], part: int = 0, parts: int = 1) -> None:
    status = np.zeros(2, np.int64)
    scratch = np.full(kernel.scratch_bytes(1), 255, np.uint8)
    places = [*buffers, status, *([scratch] if kernel.scratch else [])]
    kinds = [*[ctypes.c_void_p] * len(places), ctypes.c_int64, ctypes.c_int64]
    function = loaded(kernel).function(kernel.symbol, None, *kinds)
    function(*(p.ctypes.data for p in places), part, parts)
    if status[0]:
        raise Refused(kernel.complaint.format(status[1]))


def drawn(op: Draw, state: Array, *operands: Array) -> tuple[Array, Array]:
    """Samples and the state after them, by native code; the state in memory of its own."""
    types = (STATE, *(type_of(x) for x in operands))
    samples = infer(op, types)[0]
    out, after = np.empty(samples.static_shape, samples.dtype.numpy), np.empty(630, np.int32)
    call(kernel_of(op, types), [state, *operands, out, after])
    return out, after


def same(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    raw, other = (np.ascontiguousarray(x).view(np.uint8) for x in (found, expected))
    if raw.tobytes() != other.tobytes():
        np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))
        raise AssertionError("equal numbers with different bits")


def chained(op: Draw, *operands: Array, times: int = 3) -> None:
    """Several draws in a row, the state of one into the next, against the reference."""
    state = SEEDED.array()
    for _ in range(times):
        samples, after = drawn(op, state, *operands)
        expected, state = op.ref(state, *operands)
        same(samples, np.asarray(expected))
        same(after, state)


def floats(*shape: int, dtype: DType = float32, high: float = 1.0) -> Array:
    generator = np.random.default_rng(sum(shape))
    return (generator.random(shape) * high).astype(dtype.numpy)


# Every draw against the reference.


@pytest.mark.parametrize("sample", [pytest.param(s, id=str(s)) for c in DRAWS for s in c.samples()])
def test_samples_of_an_op(sample: Sample) -> None:
    chained(sample.op, *sample.arrays()[1:])


@pytest.mark.parametrize("size", SIZES)
def test_normal_of_any_size(size: int) -> None:
    chained(RandomNormal((size,), float32, 0.25, 1.75))


@pytest.mark.parametrize("size", [3, 16, 625])
def test_normal_in_double_precision(size: int) -> None:
    chained(RandomNormal((size,), float64, -0.5, 3.0))


@pytest.mark.parametrize("size", SIZES)
def test_words_across_the_twists(size: int) -> None:
    """An odd number of words to begin with, so that the long of a sample is cut by the end of a key."""
    _, state = RandomUniform((1,)).ref(SEEDED.array())
    op = RandomUniform((size,), float64)
    expected, expected_state = op.ref(state)
    found, found_state = drawn(op, state)
    same(found, expected)
    same(found_state, expected_state)


OTHER_SIZES = [0, 1, 17, 624, 625, 5000]


@pytest.mark.parametrize("size", OTHER_SIZES)
def test_other_draws_of_any_size(size: int) -> None:
    chained(RandomUniform((size,), float32))
    chained(RandomIntegers(-3, 1000, (size,)))
    chained(RandomPermutation(size))
    chained(DropoutNoise((size,), 0.3))
    chained(RandomBernoulli(), floats(size))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 3.0), (1.0, 1.0 + 2.0**-7)])
def test_uniform_bounds(low: float, high: float, dtype: DType) -> None:
    """Between close bounds many samples are rounded up to `high`, and become `low`."""
    chained(RandomUniform((3, 7, 31), dtype, low, high))


@pytest.mark.parametrize("dtype", [float16, bfloat16])
@pytest.mark.parametrize("size", [5, 16, 37])
def test_small_floats_are_normal_too(size: int, dtype: DType) -> None:
    chained(RandomNormal((size,), dtype, -0.5, 3.0))


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 2), (-7, 2**28 - 8), (-7, 2**28 - 7), (5, 2**40 + 12), (-(2**63), 2**63 - 1), (-9, -8)],
)
def test_integers_of_any_range(low: int, high: int) -> None:
    chained(RandomIntegers(low, high, (41,)))


@pytest.mark.parametrize("dtype", [*FLOATS, int32, uint8, bool_])
def test_integers_as_other_types(dtype: DType) -> None:
    chained(RandomIntegers(0, 100, (37,), dtype))
    chained(RandomPermutation(101, dtype))


@pytest.mark.parametrize(
    ("drop", "dtype"),
    [(0.0, float32), (1.0, bfloat16), (2.0**-60, float32), *((0.1, dtype) for dtype in FLOATS)],
)
def test_dropout_noise(drop: float, dtype: DType) -> None:
    chained(DropoutNoise((19, 33), drop, dtype))


@pytest.mark.parametrize("dtype", [*FLOATS, int64, bool_])
def test_bernoulli_of_types(dtype: DType) -> None:
    chained(RandomBernoulli(), floats(35, dtype=dtype, high=2 if dtype is int64 else 1))


@pytest.mark.parametrize(
    ("shape", "count", "replacement", "dtype"),
    [
        ((6,), 1, False, float64),
        ((5, 9), 1, True, float32),
        ((3, 40), 7, False, float32),
        ((40,), 40, False, float64),
        ((2, 17), 30, True, float64),
        ((2000,), 9, True, float32),
        ((1,), 4, True, float32),
        ((0, 3), 2, True, float64),
    ],
)
def test_multinomial(shape: tuple[int, ...], count: int, replacement: bool, dtype: DType) -> None:
    weights = floats(*shape, dtype=dtype, high=3)
    weights[..., 1::3] = 0
    chained(RandomMultinomial(count, replacement), weights)


# The state.


@pytest.mark.parametrize("counts", [(3, 2, 5), (1, 1, 1), (0, 3, 16), (5, 17, 4), (15, 0, 2)])
def test_the_spare_of_a_pair_goes_into_the_next_draw(counts: tuple[int, ...]) -> None:
    state = SEEDED.array()
    for count in counts:
        op = RandomNormal((count,))
        samples, after = drawn(op, state)
        expected, state = op.ref(state)
        same(samples, expected)
        same(after, state)


@pytest.mark.parametrize(
    "op", [RandomNormal((17,)), RandomNormal((3,)), DropoutNoise((700,), 0.2), RandomPermutation(9)]
)
def test_the_state_may_be_updated_in_place(op: Draw) -> None:
    state = SEEDED.array()
    for _ in range(2):
        expected, after = op.ref(state)
        samples = np.empty_like(expected)
        call(kernel_of(op, (STATE,)), [state, samples, state])
        same(samples, expected)
        same(state, after)


def test_one_part_does_all() -> None:
    op, state = RandomUniform((7,)), SEEDED.array()
    samples, after = np.full(7, -1, np.float32), np.full(630, -1, np.int32)
    kernel = kernel_of(op, (STATE,))
    for part in (2, 1):
        call(kernel, [state, samples, after], part, 3)
    assert (samples == -1).all()
    assert (after == -1).all()
    call(kernel, [state, samples, after], 0, 3)
    same(samples, op.ref(state)[0])


# Operands that do not lie in row order.


@pytest.mark.parametrize(
    "op", [RandomBernoulli(), RandomMultinomial(2), RandomMultinomial(2, True)]
)
def test_operands_may_be_views(op: Draw) -> None:
    """A reversed state, and the transpose of every other column."""
    memory = floats(6, 10)
    in_views(op, memory, memory[:, 1::2].T, Layout((630,), (-1,), 629), Layout((5, 6), (2, 10), 1))


@pytest.mark.parametrize("op", [RandomBernoulli(), RandomMultinomial(2)])
def test_operands_may_begin_later(op: Draw) -> None:
    memory = floats(7, 5)
    in_views(op, memory, memory[2:], Layout((630,), (1,)), Layout((5, 5), (5, 1), 10))


def in_views(op: Draw, memory: Array, seen: Array, state_layout: Layout, layout: Layout) -> None:
    state = SEEDED.array()
    types = (STATE, type_of(seen))
    out, left = (np.empty(t.static_shape, t.dtype.numpy) for t in infer(op, types))
    stored = np.empty_like(state)
    stored[state_layout.offset + state_layout.strides[0] * np.arange(630)] = state
    call(kernel_of(op, types, (state_layout, layout)), [stored, memory, out, left])
    expected, expected_state = op.ref(state, seen)
    same(out, np.ascontiguousarray(expected))
    same(left, expected_state)


# What is refused.


@pytest.mark.parametrize("position", [625, -1])
def test_a_damaged_state_is_refused(position: int) -> None:
    state = SEEDED.array()
    state[624] = position
    text = r"random_uniform: a generator's state holds a position of 0 to 624 in word 624, not \d+: pass what a draw"
    with pytest.raises(Refused, match=text):
        drawn(RandomUniform((3,)), state)
    with pytest.raises(Refused, match=r"number -1 is not one \(-1: the generator's state is"):
        drawn(RandomBernoulli(), state, floats(3))


@pytest.mark.parametrize("wrong", [-0.5, 1.5, np.nan])
def test_probabilities_are_checked(wrong: float) -> None:
    chances, state = floats(21), SEEDED.array()
    chances[[13, 19]] = wrong
    with pytest.raises(
        Refused, match=r"random_bernoulli needs probabilities between 0 and 1: number 13 is not one"
    ):
        drawn(RandomBernoulli(), state, chances)


@pytest.mark.parametrize("wrong", [[-1, 2, 3], [np.inf, 1, 1], [np.nan, 1, 1], [0, 0, 0]])
def test_weights_are_checked(wrong: list[float]) -> None:
    weights = floats(4, 3)
    weights[2:] = wrong
    with pytest.raises(
        Refused,
        match="random_multinomial needs weights that are finite, not negative, and not all zero "
        "in a row; row 2 has others",
    ):
        drawn(RandomMultinomial(1), SEEDED.array(), weights)


def test_refusing_leaves_the_state() -> None:
    state = SEEDED.array()
    with pytest.raises(Refused):
        call(
            kernel_of(RandomBernoulli(), (STATE, TensorType(float32, (2,)))),
            [state, np.array([0, 2], np.float32), np.empty(2, np.float32), state],
        )
    same(state, SEEDED.array())


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (RandomUniform((2,), float32, 2.0, 1.0), "uniform needs low <= high, got low=2.0"),
        (RandomUniform((2,), int64), r"random_uniform is for floating-point types, not i64\[2\]"),
        (RandomNormal((20,), float32, 0.0, -1.0), "normal needs std >= 0, got std=-1.0"),
        (RandomIntegers(3, 3, (2,)), "integers needs low < high, both within int64, got low=3"),
        (DropoutNoise((2,), 1.5), "dropout needs a probability between 0 and 1, got 1.5"),
        (RandomPermutation(2**28), "a permutation has 0 to 214748363 items, got 268435456"),
    ],
)
def test_attributes_are_checked_before_there_is_code(op: Draw, text: str) -> None:
    with pytest.raises((ValueError, IRError), match=text):
        kernel_of(op, (STATE,))


@pytest.mark.parametrize(
    ("shape", "dtype", "text"),
    [
        ((3,), float32, "multinomial cannot draw 4 of 3 classes without replacement"),
        ((2, 2, 5), float32, r"one or two dimensions .* got weights of shape \(1, 1, 5\)"),
        ((5,), float16, "no code for random_multinomial of f16"),
        ((5,), int64, r"random_multinomial is for floating-point types, not i64\[5\]"),
    ],
)
def test_multinomial_is_checked_before_there_is_code(
    shape: tuple[int, ...], dtype: DType, text: str
) -> None:
    with pytest.raises((ValueError, IRError), match=text):
        kernel_of(RandomMultinomial(4), (STATE, TensorType(dtype, shape)))
