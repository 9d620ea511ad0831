"""Tensors overwritten with random numbers. The same seed gives the same numbers as PyTorch on the CPU."""

from __future__ import annotations

from typing import Any

from ..ir.dtypes import DType, bool_, float64
from ..ir.ops import random as ops
from .choice import cast
from .eager import builder
from .location import blame
from .promotion import legacy_name
from .random import Generator, default_generator
from .reading import read
from .reshaping import expand
from .tensor import Tensor
from .var import Var
from .writing import write

PRECISION = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def random_(
    self: Tensor, low: int = 0, high: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """Overwrite with integers: `random_(high)`, `random_(low, high)`, or of all that the dtype counts exactly."""
    first, after = (0, low) if high is None and low else (low, high)
    end = _count(self.dtype) if after is None else after
    if not first < end:
        raise blame(
            RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={first} >= to={end}"
            )
        )
    _check_range(self.dtype, first, end)
    op = ops.RandomIntegers(int(first), int(end), read(self).type.static_shape, self.dtype)
    return _overwrite(self, _drawn(generator, op))


def _count(dtype: DType) -> int:
    """How many integers from 0 a dtype holds."""
    if dtype.is_floating_point:
        return (1 << PRECISION[dtype.long_name]) + 1
    return 2 if dtype is bool_ else 1 << (dtype.bits - dtype.is_signed)


def _check_range(dtype: DType, first: int, end: int) -> None:
    if dtype.is_floating_point:
        return
    lowest = -(1 << (dtype.bits - 1)) if dtype.is_signed else 0
    for name, number in (("from", first), ("to - 1", end - 1)):
        if not lowest <= number < _count(dtype):
            raise blame(
                RuntimeError(
                    f"{name} is out of bounds for {dtype}: {number} is outside {lowest} to {_count(dtype) - 1}"
                )
            )


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with exponentially distributed numbers of mean 1/lambd."""
    if not lambd > 0:
        raise blame(RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}"))
    if not self.dtype.is_floating_point:
        raise blame(
            RuntimeError(
                "Exponential distribution is a continuous probability distribution. dtype must be a floating point but "
                f"it is {legacy_name(self.dtype)}; cast with .float() first"
            )
        )
    units = _drawn(generator, ops.RandomUniform(read(self).type.static_shape, float64))
    b = builder()
    samples = b.mul(b.log1p(b.neg(read(units))), -1.0 / lambd)
    return _overwrite(self, samples)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with 1 with probability `p` (a number, or one for each place), else 0."""
    shape = read(self).type.static_shape
    if isinstance(p, Tensor):
        return _overwrite(self, _drawn(generator, ops.RandomBernoulli(), expand(p, *shape)))
    if not 0 <= p <= 1:
        raise blame(RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}"))
    kept = _drawn(generator, ops.DropoutNoise(shape, 1.0 - p, float64))
    return _overwrite(self, cast(kept, bool_))


def _drawn(generator: Generator | None, op: ops.Draw, *parameters: Tensor) -> Tensor:
    return (generator or default_generator).draw(op, *parameters)


def _overwrite(self: Tensor, samples: Any) -> Tensor:
    value = read(samples) if isinstance(samples, Tensor) else samples
    made = builder().cast_to(value, self.dtype)
    assert isinstance(made, Var)
    return write(self, made)


METHODS = {"random_": random_, "exponential_": exponential_, "bernoulli_": bernoulli_}
