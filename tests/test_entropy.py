"""Random streams by themselves: fixed rounding, words, state, and what wrong arguments are told."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from tapeout.ir.random import choices, distributions
from tapeout.ir.random.entropy import MersenneStream
from tapeout.ir.random.exact_math import fma, log_f32, sincos_f32
from tapeout.ir.random.mersenne import STATE_WORDS

RNG = np.random.default_rng(7)


# Arithmetic.


def fma_samples(dtype: type, bits: int) -> list[npt.NDArray[np.floating]]:
    """Ordinary products, sums that cancel, and sums a hair away from halfway."""
    n = 200
    a, b = RNG.standard_normal((2, 3 * n)).astype(dtype)
    c = (RNG.standard_normal(3 * n) * 2.0 ** RNG.integers(-30, 60, 3 * n)).astype(dtype)
    c[:n] = -(a[:n] * b[:n])
    step = RNG.integers(1, 2**10, n).astype(dtype) * dtype(2.0 ** (1 - bits))
    a[n : 2 * n], b[n : 2 * n] = 1 + step, dtype(0.5) * (1 - step)
    c[n : 2 * n] = RNG.integers(2 ** (bits - 1), 2**bits, n)
    return [a, b, c]


def rounded_once(a: float, b: float, c: float, dtype: type) -> np.floating:
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    near = dtype(float(exact))
    candidates = [np.nextafter(near, dtype(-np.inf)), near, np.nextafter(near, dtype(np.inf))]
    bits = np.dtype(f"i{np.dtype(dtype).itemsize}")
    return min(candidates, key=lambda x: (abs(Fraction(float(x)) - exact), x.view(bits) & 1))


@pytest.mark.parametrize("dtype, bits", [(np.float32, 24), (np.float64, 53)])
def test_fma_rounds_once(dtype: type, bits: int) -> None:
    a, b, c = fma_samples(dtype, bits)
    expected = [rounded_once(*abc, dtype) for abc in zip(a, b, c, strict=True)]
    np.testing.assert_array_equal(fma(a, b, c), np.array(expected))
    twice = (a.astype(np.float64) * b + c).astype(dtype)
    assert (twice != np.array(expected)).any(), "the samples must be hard enough to matter"


def test_fma_refuses_other_dtypes() -> None:
    with pytest.raises(TypeError, match="float32 or float64, got float16: cast the first operand"):
        fma(np.ones(2, np.float16), 1.0, 1.0)


def test_log_f32_is_within_one_ulp() -> None:
    x = np.concatenate([RNG.random(5000), 2.0 ** -np.arange(0, 25), 1 - 2.0 ** -np.arange(1, 25)])
    x = x[x > 0].astype(np.float32)
    exact = np.log(x.astype(np.float64))
    error = np.abs(log_f32(x) - exact)
    assert (error <= np.spacing(np.abs(exact).astype(np.float32))).all()


def test_sincos_f32_on_a_whole_turn() -> None:
    angle = np.linspace(0, 2 * math.pi, 5001, dtype=np.float32)
    sin, cos = sincos_f32(angle)
    np.testing.assert_allclose(sin, np.sin(angle.astype(np.float64)), rtol=0, atol=1.2e-7)
    np.testing.assert_allclose(cos, np.cos(angle.astype(np.float64)), rtol=0, atol=1.2e-7)


# Words.


def test_words_are_the_reference_mersenne_twister() -> None:
    """The published generator started from 5489 gives 4123659995 as its ten thousandth word."""
    words = MersenneStream(5489).draw(10_000)
    assert words.dtype == np.uint32
    assert words[0] == 3499211612
    assert words[-1] == 4123659995


@pytest.mark.parametrize("split", [0, 1, 623, 624, 625, 1300])
def test_draws_join_up(split: int) -> None:
    whole, parts = MersenneStream(8), MersenneStream(8)
    joined = np.concatenate([parts.draw(split), parts.draw(1300 - split)])
    np.testing.assert_array_equal(joined, whole.draw(1300))


@pytest.mark.parametrize(
    "seed, initial", [(7, 7), (-1, 2**64 - 1), (2**63, 2**63), (-(2**63), 2**63)]
)
def test_initial_seed(seed: int, initial: int) -> None:
    assert MersenneStream(seed).initial_seed() == initial


def test_only_the_low_32_bits_of_a_seed_matter() -> None:
    np.testing.assert_array_equal(MersenneStream(5).draw(9), MersenneStream(2**40 + 5).draw(9))


def test_known_samples() -> None:
    stream = MersenneStream(0)
    np.testing.assert_array_equal(
        stream.uniform((3,)),
        np.float32([0.4962565898895264, 0.7682217955589294, 0.08847743272781372]),
    )
    stream.seed(0)
    assert stream.normal((1,))[0] == np.float32(1.5409960746765137)


# Samples of words.


def test_longs_put_the_first_word_on_top() -> None:
    words = np.array([1, 2, 3, 4], np.uint32)
    assert distributions.longs(words).tolist() == [2**32 + 2, 3 * 2**32 + 4]


def test_units_use_the_low_bits() -> None:
    words = np.array([0xFF00_0001, 0x00FF_FFFF], np.uint32)
    assert distributions.uniform32(words).tolist() == [2.0**-24, 1 - 2.0**-24]
    longs = np.array([0xFFE0_0000, 1, 0x001F_FFFF, 0xFFFF_FFFF], np.uint32)
    assert distributions.uniform64(longs).tolist() == [2.0**-53, 1 - 2.0**-53]


def test_a_uniform_rounded_up_to_high_becomes_low() -> None:
    words = np.array([0x00FF_FFFF], np.uint32)
    assert distributions.uniform(words, np.float16, 0.0, 1.0).tolist() == [0.0]
    assert distributions.uniform(words, np.float32, 3.0, 4.0).tolist() == [3.0]


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda s: s.uniform((3, 5)), 15),
        (lambda s: s.uniform((3, 5), np.float64), 30),
        (lambda s: s.uniform((3, 0)), 0),
        (lambda s: s.normal((3, 5)), 32),
        (lambda s: s.normal((0,)), 0),
        (lambda s: s.normal((16,)), 16),
        (lambda s: s.normal((3, 7)), 37),
        (lambda s: s.normal((3, 7), np.float64), 74),
        (lambda s: s.normal((3, 7), np.float16), 32),
        (lambda s: s.integers(0, 2**28 - 1, (5,)), 5),
        (lambda s: s.integers(0, 2**28, (5,)), 10),
        (lambda s: s.fresh_seed(), 2),
        (lambda s: s.permutation(0), 0),
        (lambda s: s.permutation(9), 8),
        (lambda s: s.bernoulli((3, 5), 0.0), 30),
        (lambda s: s.bernoulli_each(np.full(6, 0.5, np.float32)), 6),
        (lambda s: s.bernoulli_each(np.full(6, 0.5)), 12),
        (lambda s: s.dropout_noise((3, 5), 0.5), 30),
        (lambda s: s.dropout_noise((3, 5), 0.0), 0),
        (lambda s: s.dropout_noise((3, 5), 1.0), 0),
        (lambda s: s.exponential((3, 5)), 30),
        (lambda s: s.multinomial(np.ones((3, 5)), 2), 30),
        (lambda s: s.multinomial(np.ones((3, 5)), 1, replacement=True), 30),
        (lambda s: s.multinomial(np.ones((3, 5)), 7, replacement=True), 42),
    ],
)
def test_words_taken(draw: Callable[[MersenneStream], object], words: int) -> None:
    stream, plain = MersenneStream(21), MersenneStream(21)
    draw(stream)
    plain.draw(words)
    np.testing.assert_array_equal(stream.draw(4), plain.draw(4))


def test_an_odd_normal_is_spared_for_the_next_call() -> None:
    apart, together = MersenneStream(4), MersenneStream(4)
    first, nothing, second = apart.normal((3,)), apart.normal((0,)), apart.normal((2,))
    assert nothing.size == 0
    np.testing.assert_array_equal(np.concatenate([first, second]), together.normal((5,)))
    assert apart.spare_normal == together.spare_normal
    assert apart.spare_normal is not None


def test_a_permutation_holds_every_number_once() -> None:
    order = MersenneStream(2).permutation(1000)
    assert sorted(order.tolist()) == list(range(1000))
    assert order.tolist() != list(range(1000))


def test_a_range_wider_than_int64_wraps() -> None:
    words = np.array([0xFFFF_FFFF, 0xFFFF_FFFE, 0, 0], np.uint32)
    assert choices.integers(words, -(2**63), 2**63 - 1).tolist() == [2**63 - 2, -(2**63)]


def test_dropping_everything_or_nothing() -> None:
    stream = MersenneStream(1)
    assert stream.dropout_noise((2, 3), 0.0).tolist() == [[1.0] * 3] * 2
    assert stream.dropout_noise((2, 3), 1.0).tolist() == [[0.0] * 3] * 2


def test_multinomial_never_picks_a_weight_of_zero() -> None:
    weights = np.float32([[0, 2, 0, 1], [3, 0, 0, 0]])
    for count in (1, 400):
        picks = MersenneStream(6).multinomial(weights, count, replacement=True)
        assert picks.shape == (2, count)
        assert set(picks[0].tolist()) <= {1, 3}
        assert set(picks[1].tolist()) == {0}


# State.


def sampled(stream: MersenneStream) -> list[object]:
    return [stream.normal((3,)).tolist(), stream.draw(700).tolist(), stream.initial_seed()]


@pytest.mark.parametrize("drawn", [0, 1, 624, 1000])
@pytest.mark.parametrize("normals", [0, 1, 2])
def test_state_comes_back(drawn: int, normals: int) -> None:
    stream = MersenneStream(2**40 + 9)
    stream.draw(drawn)
    stream.normal((normals,))
    state, in_bytes, twin = stream.state(), stream.state_bytes(), stream.copy()
    expected = sampled(stream)
    assert sampled(twin) == expected
    stream.set_state(state)
    assert sampled(stream) == expected
    other = MersenneStream(1)
    other.set_state_bytes(in_bytes)
    assert sampled(other) == expected


def test_seeding_forgets_the_spare_normal() -> None:
    stream = MersenneStream(3)
    first = stream.normal((1,))
    stream.seed(3)
    assert stream.spare_normal is None
    assert stream.normal((1,)) == first


def test_a_copy_goes_its_own_way() -> None:
    stream = MersenneStream(3)
    twin = stream.copy()
    twin.draw(5)
    np.testing.assert_array_equal(stream.draw(2), MersenneStream(3).draw(2))


# What wrong arguments are told.


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda s: s.seed(2**64), r"at least -2\*\*63 and below 2\*\*64, got 18446744073709551616"),
        (lambda s: s.seed(-(2**63) - 1), r"got -9223372036854775809"),
        (lambda s: s.draw(-3), "cannot draw -3 words"),
        (lambda s: s.uniform((2,), low=1.5, high=1.0), "low <= high, got low=1.5 and high=1.0"),
        (lambda s: s.normal((2,), std=-0.5), "std >= 0, got std=-0.5"),
        (lambda s: s.integers(4, 4, (2,)), "low < high, both within int64, got low=4 and high=4"),
        (lambda s: s.integers(0, 2**63 + 1, (2,)), "both within int64, got low=0 and high=922337"),
        (lambda s: s.permutation(-1), "0 to 214748363 items, got -1"),
        (lambda s: s.permutation(2**30), "0 to 214748363 items, got 1073741824"),
        (
            lambda s: s.bernoulli((2,), 1.5),
            "bernoulli needs a probability between 0 and 1, got 1.5",
        ),
        (lambda s: s.bernoulli_each(np.array([0.5, -2.0])), "between 0 and 1, got -2.0"),
        (lambda s: s.dropout_noise((2,), math.nan), "dropout needs a probability .* got nan"),
        (lambda s: s.exponential((2,), rate=0.0), "rate > 0, got rate=0.0"),
        (lambda s: s.multinomial(np.ones((2, 3, 4)), 1), r"got weights of shape \(2, 3, 4\)"),
        (
            lambda s: s.multinomial(np.array([1.0, -1.0]), 1),
            "finite, not negative, and not all zero",
        ),
        (lambda s: s.multinomial(np.zeros((2, 3)), 1), "not all zero in a row"),
        (lambda s: s.multinomial(np.ones(3), 4), "cannot draw 4 of 3 classes without replacement"),
        (lambda s: s.multinomial(np.ones(3), 0), "at least one draw, got 0"),
        (
            lambda s: s.set_state(np.zeros(7, np.uint32)),
            rf"uint32\[{STATE_WORDS}\], got uint32\[7\]",
        ),
        (lambda s: s.set_state(np.full(STATE_WORDS, 999, np.uint32)), "at most 624 .* got 999"),
        (lambda s: s.set_state_bytes(np.zeros(9, np.uint8)), r"uint8\[5056\], got uint8\[9\]"),
        (lambda s: s.set_state_bytes(np.zeros(5056, np.uint8)), "1 to 624 words left .* got 0"),
    ],
)
def test_errors_teach(wrong: Callable[[MersenneStream], object], message: str) -> None:
    stream = MersenneStream(1)
    with pytest.raises(ValueError, match=message):
        wrong(stream)
    np.testing.assert_array_equal(stream.draw(3), MersenneStream(1).draw(3))
