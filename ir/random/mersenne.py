"""The raw random stream: a Mersenne Twister 19937 that hands out 32-bit words.

This is the only sequential part of randomness. Everything else (`distributions`, `choices`) is
arithmetic on the words drawn here. The stream also keeps the spare half of a pair of normal
samples, because that too decides what comes next.
"""

from __future__ import annotations

from functools import cached_property
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.uint32]

DEFAULT_SEED = 67280421310721
"""The seed of a stream that was never given one: the larger prime factor of 2⁶⁴ + 1."""

KEY_WORDS = 624
# Where things are in a state: the key, then one or two words each.
POSITION, HAS_SPARE, SPARE, _SEED = 624, 625, slice(626, 628), slice(628, 630)
STATE_WORDS = 630

# The byte layout in which PyTorch keeps the same state. `left` words remain before the next twist.
_BYTES = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("key", "<u8", KEY_WORDS),
        ("unused_x", "<f8"),
        ("spare", "<f8"),
        ("unused_rho", "<f8"),
        ("has_spare", "<i8"),
        ("unused_float_spare", "<i8"),
    ]
)


class MersenneTwister:
    """Words from a seed, with the position in the stream as a value that can be saved and set."""

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Restart from `seed`; only its low 32 bits matter, negative seeds count down from 2⁶⁴."""
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"a seed must be at least -2**63 and below 2**64, got {seed}")
        self._seed = seed % 2**64
        vars(self).pop("_twister", None)
        self.spare_normal: float | None = None

    def initial_seed(self) -> int:
        """The seed this stream was last started from, as a non-negative number."""
        return self._seed

    @cached_property
    def _twister(self) -> np.random.RandomState:
        """Made for the first draw, because NumPy imports its `random` only when it is asked for."""
        # RandomState, not Generator: NumPy promises never to change the former's streams.
        return np.random.RandomState(self._seed % 2**32)

    def draw(self, count: int) -> Words:
        """The next `count` words."""
        if count < 0:
            raise ValueError(f"cannot draw {count} words: ask for zero or more")
        return self._twister.randint(0, 2**32, size=count, dtype=np.uint32)

    def state(self) -> Words:
        """All there is to know, as uint32[630]: key, position, has-spare, spare, seed."""
        state = np.zeros(STATE_WORDS, np.uint32)
        key, position = self._place()
        state[:KEY_WORDS], state[POSITION] = key, position
        state[_SEED] = np.array([self._seed], "<u8").view("<u4")
        if self.spare_normal is not None:
            state[HAS_SPARE] = 1
            state[SPARE] = np.array([self.spare_normal], "<f8").view("<u4")
        return state

    def set_state(self, state: Words) -> None:
        """Continue from where `state()` was taken."""
        _check_state(state)
        self._go_to(state[:KEY_WORDS], int(state[POSITION]))
        self._seed = int(state[_SEED].astype("<u4").view("<u8")[0])
        spare = float(state[SPARE].astype("<u4").view("<f8")[0])
        self.spare_normal = spare if state[HAS_SPARE] else None

    def state_bytes(self) -> npt.NDArray[np.uint8]:
        """The state as the uint8[5056] that `torch.set_rng_state` takes."""
        key, position = self._place()
        record = np.zeros(1, _BYTES)
        record["seed"], record["seeded"], record["key"] = self._seed, 1, key
        record["left"], record["next"] = KEY_WORDS + 1 - position, position
        record["has_spare"] = self.spare_normal is not None
        record["spare"] = self.spare_normal or 0.0
        return record.view(np.uint8)

    def set_state_bytes(self, state: npt.NDArray[np.uint8]) -> None:
        """Continue from a uint8[5056] that `torch.get_rng_state` or `state_bytes` gave."""
        _check_bytes(state)
        record = np.ascontiguousarray(state).view(_BYTES)[0]
        self._go_to(record["key"].astype(np.uint32), KEY_WORDS + 1 - int(record["left"]))
        self._seed = int(record["seed"])
        self.spare_normal = float(record["spare"]) if record["has_spare"] else None

    def copy(self) -> Self:
        """A stream of its own that will draw the same words from here on."""
        twin = type(self)()
        twin.set_state(self.state())
        return twin

    def _place(self) -> tuple[Words, int]:
        """The key, and how many of its words have been drawn."""
        inside = self._twister.get_state(legacy=False)["state"]
        return inside["key"], inside["pos"]

    def _go_to(self, key: Words, position: int) -> None:
        self._twister.set_state(("MT19937", key, position, 0, 0.0))


def _check_state(state: Words) -> None:
    if state.dtype != np.uint32 or state.shape != (STATE_WORDS,):
        raise ValueError(
            f"a stream state is uint32[{STATE_WORDS}], got {state.dtype}{list(state.shape)}: "
            "pass what `state()` returned"
        )
    if state[POSITION] > KEY_WORDS:
        raise ValueError(
            f"a stream state holds a position of at most {KEY_WORDS} in word {POSITION}, "
            f"got {state[POSITION]}: pass what `state()` returned"
        )


def _check_bytes(state: npt.NDArray[np.uint8]) -> None:
    if state.dtype != np.uint8 or state.shape != (_BYTES.itemsize,):
        raise ValueError(
            f"a stream state in bytes is uint8[{_BYTES.itemsize}], "
            f"got {state.dtype}{list(state.shape)}: pass what `state_bytes()` returned"
        )
    left = int(np.ascontiguousarray(state).view(_BYTES)["left"][0])
    if not 1 <= left <= KEY_WORDS:
        raise ValueError(
            f"a stream state in bytes has 1 to {KEY_WORDS} words left before the next twist, "
            f"got {left}: the bytes are damaged"
        )
