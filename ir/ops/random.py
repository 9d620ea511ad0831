"""Random draws. Each takes a generator's state and returns its samples and the state after them, so it is pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..dtypes import DType, float32, float64, int32, int64
from ..errors import require
from ..op import Array, Op, op
from ..random.entropy import MersenneStream
from ..random.mersenne import STATE_WORDS
from ..samples import Mistake, Sample, Spec, mistake, sample, spec
from ..types import TensorType

STATE = TensorType(int32, (STATE_WORDS,))
Shape = tuple[int, ...]


def stream_of(state: Array) -> MersenneStream:
    """The stream that a state tensor describes."""
    stream = MersenneStream()
    stream.set_state(state.view(np.uint32))
    return stream


def state_of(stream: MersenneStream) -> Array:
    """A stream's state as a tensor."""
    return stream.state().view(np.int32)


class StateSpec(Spec):
    """The state of a freshly seeded generator."""

    def array(self, position: int = 0) -> Array:
        return state_of(MersenneStream(7))


SEEDED = StateSpec((STATE_WORDS,), int32)


class Draw(Op):
    """Samples from a state; further operands are parameters of the distribution."""

    arity: ClassVar[int] = 1
    differentiable = False
    checks = True

    def infer(self, *types: TensorType) -> tuple[TensorType, ...]:
        require(
            types[0] is STATE,
            f"{self.name}: the first operand is a generator's state, {STATE}, not {list(types)}",
        )
        return self.samples_type(*types[1:]), STATE

    def samples_type(self, *parameters: TensorType) -> TensorType:
        raise NotImplementedError

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        raise NotImplementedError

    def ref(self, state: Array, *parameters: Array) -> Any:
        stream = stream_of(state)
        return self.draw(stream, *parameters), state_of(stream)

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        first = next(cls.samples()).op
        operands = (spec(3, dtype=int64),) * cls.arity
        yield mistake(first, "the first operand is a generator's state", *operands)


@op
class RandomUniform(Draw):
    """Numbers of [low, high)."""

    name = "random_uniform"
    shape: Shape
    dtype: DType = float32
    low: float = 0.0
    high: float = 1.0

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.uniform(self.shape, self.dtype.numpy, self.low, self.high)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((2, 3)), SEEDED)
        yield sample(cls((5,), float64, -1.0, 3.0), SEEDED)


@op
class RandomNormal(Draw):
    """Normally distributed numbers."""

    name = "random_normal"
    shape: Shape
    dtype: DType = float32
    mean: float = 0.0
    std: float = 1.0

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.normal(self.shape, self.dtype.numpy, self.mean, self.std)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((2, 3)), SEEDED)
        yield sample(cls((19,), float64, 1.0, 0.5), SEEDED)


@op
class RandomIntegers(Draw):
    """Integers of [low, high)."""

    name = "random_integers"
    low: int
    high: int
    shape: Shape
    dtype: DType = int64

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.integers(self.low, self.high, self.shape, self.dtype.numpy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(0, 10, (2, 3)), SEEDED)
        yield sample(cls(-4, 4, (5,), float32), SEEDED)


@op
class RandomPermutation(Draw):
    """0, 1, ... count-1 in random order."""

    name = "random_permutation"
    count: int
    dtype: DType = int64

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return TensorType(self.dtype, (self.count,))

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.permutation(self.count).astype(self.dtype.numpy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(7), SEEDED)


@op
class DropoutNoise(Draw):
    """What dropout multiplies with: 0 where it drops, 1/(1-drop) elsewhere."""

    name = "dropout_noise"
    shape: Shape
    drop: float
    dtype: DType = float32

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.dropout_noise(self.shape, self.drop, self.dtype.numpy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls((2, 3), 0.3), SEEDED)
        yield sample(cls((5,), 0.6, float64), SEEDED)


@op
class RandomBernoulli(Draw):
    """1 with the probability that stands at each place, else 0."""

    name = "random_bernoulli"
    arity = 2

    def samples_type(self, *parameters: TensorType) -> TensorType:
        return parameters[0]

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        (probabilities,) = parameters
        return stream.bernoulli_each(probabilities).astype(probabilities.dtype)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), SEEDED, spec(2, 3, low=0.0, high=1.0))


@op
class RandomMultinomial(Draw):
    """Class numbers, each drawn in proportion to a row of weights."""

    name = "random_multinomial"
    arity = 2
    count: int
    replacement: bool = False

    def samples_type(self, *parameters: TensorType) -> TensorType:
        (weights,) = parameters
        return TensorType(int64, (*weights.shape[:-1], self.count))

    def draw(self, stream: MersenneStream, *parameters: Array) -> Any:
        return stream.multinomial(parameters[0], self.count, self.replacement)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(2), SEEDED, spec(3, 4, low=0.1, high=1.0))
        yield sample(cls(6, True), SEEDED, spec(4, low=0.1, high=1.0))
