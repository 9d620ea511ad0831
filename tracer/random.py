"""Random tensors. The same seed gives the same numbers as PyTorch on the CPU; a trace carries the generator's state."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.dtypes import int64, uint8
from ..ir.ops import random as ops
from ..ir.random.entropy import MersenneStream
from ..ir.random.mersenne import DEFAULT_SEED
from .changes import changed
from .creation import asked_sizes, sizes
from .device import check_device
from .errors import TraceError
from .kinds import DTypeLike, dtype_or
from .location import blame
from .modes import modes
from .promotion import get_default_dtype
from .reading import array_of, read
from .tensor import Tensor, eager_tensor, set_requires_grad, wrap
from .writing import write


class Generator:
    """A stream of random numbers."""

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self._stream = MersenneStream(DEFAULT_SEED)
        self._lock = threading.Lock()
        self._state: Tensor | None = None
        self._published: np.ndarray[Any, Any] | None = None
        self._ahead = True
        """Is the stream the one to believe? Else the state tensor is, which programs move on."""

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed."""
        if modes.trace is not None:
            raise blame(
                TraceError(
                    "a generator is seeded while the program is being traced, which would happen once and never again "
                    "when the program runs; seed it outside the traced function"
                )
            )
        with self._lock:
            self._stream.seed(int(seed))
            self._go_ahead()
        return self

    def seed(self) -> int:
        """Start again from a seed that the system chooses, and return it."""
        fresh = int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
        self.manual_seed(fresh)
        return fresh

    def initial_seed(self) -> int:
        """The seed of this stream."""
        return self._stream.initial_seed()

    def get_state(self) -> Tensor:
        """The state as bytes, for `set_state`."""
        with self._lock:
            return eager_tensor(self._current().state_bytes())

    def set_state(self, state: Tensor) -> Generator:
        """Continue from a state that `get_state` gave."""
        if state.dtype is not uint8:
            raise TypeError(f"expected a torch.ByteTensor, but got a tensor of {state.dtype}")
        with self._lock:
            self._stream.set_state_bytes(array_of(state, "set_state()"))
            self._go_ahead()
        return self

    def draw(self, op: ops.Draw, *parameters: Tensor) -> Tensor:
        """Samples: drawn now, or by the traced program from the state that it carries."""
        if modes.trace is not None:
            return self._draw_traced(op, *parameters)
        arrays = [array_of(p, "a random draw") for p in parameters]
        with self._lock:
            return eager_tensor(np.asarray(op.draw(self._current(), *arrays)))

    def fresh_seed(self) -> int:
        """A seed for another stream, as samplers and loaders take one."""
        with self._lock:
            return self._current().fresh_seed()

    def skip_permutation(self, count: int) -> None:
        """Move on as far as a permutation of `count` numbers would, without making it."""
        with self._lock:
            self._current().skip_permutation(count)

    def state_tensor(self) -> Tensor:
        """The state as a tensor: a program that reads and writes it moves this generator on."""
        with self._lock:
            if self._state is None or self._ahead:
                self._publish(ops.state_of(self._stream))
            assert self._state is not None
            return self._state

    def _publish(self, state: np.ndarray[Any, Any]) -> None:
        """Let the state tensor be the one to believe."""
        if self._state is None:
            self._state = eager_tensor(state.copy())
            self._state._refresh = self.state_tensor
        np.copyto(self._memory(), state)
        self._published, self._ahead = state.copy(), False

    def _go_ahead(self) -> None:
        """Let the stream be the one to believe. Programs have to ask for its state again."""
        if not self._ahead:
            self._ahead = True
            changed()

    def _memory(self) -> np.ndarray[Any, Any]:
        """The state tensor's own memory, whether or not a trace is being taken."""
        assert self._state is not None
        assert self._state._var.array is not None
        return self._state._var.array

    def _draw_traced(self, op: ops.Draw, *parameters: Tensor) -> Tensor:
        trace = modes.trace
        assert trace is not None
        state = self._state if self._state is not None and id(self._state) in trace.slots else None
        if state is None:
            state = self.state_tensor()
            trace.announce([("rng", state)])
        samples, after = trace.emit_many(op, [read(state), *map(read, parameters)])
        write(state, after)
        return wrap(samples)

    def _current(self) -> MersenneStream:
        """The stream, moved on to where a program left the state tensor."""
        if not self._ahead:
            array = self._memory()
            assert self._published is not None
            if not np.array_equal(array, self._published):
                self._stream.set_state(array.view(np.uint32))
            self._go_ahead()
        return self._stream


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator from the system."""
    return default_generator.seed()


def initial_seed() -> int:
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state."""
    return default_generator.get_state()


def set_rng_state(state: Tensor) -> None:
    """Continue the default generator from a state."""
    default_generator.set_state(state)


def _made(op: ops.Draw, generator: Generator | None, requires_grad: bool = False) -> Tensor:
    made = (generator or default_generator).draw(op)
    return set_requires_grad(made) if requires_grad else made


def rand(
    *shape: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform numbers of [0, 1)."""
    check_device(device)
    return _made(
        ops.RandomUniform(asked_sizes("rand", shape, size), dtype_or(dtype, get_default_dtype())),
        generator,
        requires_grad,
    )


def randn(
    *shape: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers of mean 0 and standard deviation 1."""
    check_device(device)
    return _made(
        ops.RandomNormal(asked_sizes("randn", shape, size), dtype_or(dtype, get_default_dtype())),
        generator,
        requires_grad,
    )


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
) -> Tensor:
    """`randint(high, size)` or `randint(low, high, size)`: integers of [low, high)."""
    check_device(device)
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise blame(
            RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        )
    return _made(
        ops.RandomIntegers(int(low), int(high), sizes((size,)), dtype_or(dtype, int64)), generator
    )


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    device: Any = None,
) -> Tensor:
    """0 to n-1 in random order."""
    check_device(device)
    if n < 0:
        raise blame(RuntimeError(f"randperm(): n must be non-negative, but it is {n}"))
    return _made(ops.RandomPermutation(n, dtype_or(dtype, int64)), generator)


def rand_like(input: Tensor, *, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Uniform numbers, shaped as another tensor."""
    return rand(tuple(input.shape), dtype=dtype_or(dtype, input.dtype), **options)


def randn_like(input: Tensor, *, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Normal numbers, shaped as another tensor."""
    return randn(tuple(input.shape), dtype=dtype_or(dtype, input.dtype), **options)


def randint_like(input: Tensor, low: int, high: Any = None, **options: Any) -> Tensor:
    """Integers, shaped as another tensor."""
    first, last = (0, low) if high is None else (low, high)
    options = {"dtype": input.dtype, **options}
    return randint(first, last, tuple(input.shape), **options)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that stands at each place, else 0."""
    return (generator or default_generator).draw(ops.RandomBernoulli(), input)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Class numbers drawn in proportion to each row of weights."""
    classes = input.shape[-1] if input.ndim else 1
    if input.ndim not in (1, 2):
        raise blame(RuntimeError(f"prob_dist must be 1 or 2 dim, not {input.ndim}"))
    if num_samples <= 0:
        raise blame(
            RuntimeError(f"cannot sample n_sample <= 0 samples: {num_samples} are asked for")
        )
    if num_samples > classes and not replacement:
        raise blame(
            RuntimeError(
                "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
                f"{num_samples} of {classes} are asked for"
            )
        )
    return (generator or default_generator).draw(
        ops.RandomMultinomial(num_samples, replacement), input
    )


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Normal numbers; mean and standard deviation may be tensors."""
    if size is not None:
        return _made(ops.RandomNormal(sizes((size,)), get_default_dtype(), mean, std), generator)
    shaped = mean + std * 0
    return mean + std * randn(tuple(shaped.shape), dtype=shaped.dtype, generator=generator)  # type: ignore[no-any-return]


def dropout_noise(input: Tensor, p: float) -> Tensor:
    """What dropout multiplies a tensor with."""
    shape = read(input).type.static_shape
    return default_generator.draw(ops.DropoutNoise(shape, float(p), input.dtype))


def uniform_(
    self: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with uniform numbers of [a, b)."""
    if a > b:
        raise blame(
            RuntimeError(
                f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}"
            )
        )
    shape = read(self).type.static_shape
    return write(
        self, read(_made(ops.RandomUniform(shape, self.dtype, float(a), float(b)), generator))
    )


def normal_(
    self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with normal numbers."""
    if std < 0:
        raise blame(RuntimeError(f"normal expects std >= 0.0, but found std {std}"))
    shape = read(self).type.static_shape
    return write(
        self, read(_made(ops.RandomNormal(shape, self.dtype, float(mean), float(std)), generator))
    )


METHODS = {
    "uniform_": uniform_, "normal_": normal_, "bernoulli": bernoulli, "multinomial": multinomial,
}  # fmt: skip
