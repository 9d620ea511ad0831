"""Random draws whose every sample is made of words of its own."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from llvmlite import ir as ll
from numba.core import cgutils

from ....ir import IRError, TensorType
from ....ir.dtypes import DType, bool_, float32, float64, int64
from ....ir.ops.random import DropoutNoise, RandomBernoulli, RandomIntegers, RandomUniform
from ....ir.random.choices import words_for_integers
from ..kernel import Kernel
from ..macros import Emitter
from ..vector import Vector
from ..vector.convert import cast
from ..vector.kinds import constant, format_of, real
from ..vector.real import DOUBLE, Mask, Real, repeated, select, shaped
from .draws_frame import Place, check_attributes, filling, report
from .draws_words import I64, Value, counted, integers, unit, unit_integers, words_in
from .rule import Job, lowers


def computed(dtype: DType) -> DType:
    """The type in which samples are computed before they are rounded."""
    return float64 if dtype is float64 else float32


def floats_only(job: Job, type_: TensorType) -> None:
    """Refuse to draw numbers that have no fraction."""
    if not type_.dtype.is_floating_point:
        raise IRError(f"{job.op.name} is for floating-point types, not {type_}; cast its result")


@lowers(RandomUniform)
def uniform(job: Job) -> Kernel:
    """u·(high − low) + low; a value rounded up to `high` becomes `low`."""
    op, dtype = job.op, job.op.dtype
    floats_only(job, job.types[1])
    check_attributes(job)
    format, wide = format_of(dtype), computed(dtype)
    low, high = (wide.numpy.type(bound) for bound in (op.low, op.high))
    with np.errstate(over="ignore"):
        extent = float(high - low)

    def sampler(place: Place, words: Value, _: list[Value]) -> Vector:
        x = unit(place.builder, words, format, place.lanes)
        if (op.low, op.high) != (0.0, 1.0):
            x = x.fma(extent, float(low))
        value = cast(place.builder, Vector(x.value, wide, place.lanes), dtype)
        bounds = [constant(dtype, b, place.lanes) for b in (op.low, op.high)]
        first, last = (real(place.builder, bound) for bound in bounds)
        held = real(place.builder, value)
        return Vector(select(held.equals(last), first, held).value, dtype, place.lanes)

    return filling(job, sampler, words_in(format))


@lowers(RandomIntegers)
def random_integers(job: Job) -> Kernel:
    """low + word mod (high − low); a long instead of a word from a wide range."""
    check_attributes(job)
    low, extent = job.op.low, job.op.high - job.op.low
    each = words_for_integers(1, job.op.low, job.op.high)

    def sampler(place: Place, words: Value, _: list[Value]) -> Vector:
        b, lanes = place.builder, place.lanes
        whole = integers(b, words, each, lanes)
        rest = b.urem(whole, repeated(ll.IntType(32 * each), lanes, extent))
        long = rest if each == 2 else b.zext(rest, shaped(I64, lanes))
        shifted = b.add(long, repeated(I64, lanes, low))
        return cast(b, Vector(shifted, int64, lanes), job.op.dtype)

    return filling(job, sampler, each)


@lowers(DropoutNoise)
def dropout_noise(job: Job) -> Kernel:
    """A unit is a whole number over 2⁵³, so comparing it with the chance to be kept is comparing whole numbers."""
    op = job.op
    floats_only(job, job.types[1])
    check_attributes(job)
    chance = 1.0 - op.drop
    if op.drop in (0.0, 1.0):
        return filling(job, lambda place, *_: constant(op.dtype, chance, place.lanes), 0)
    below = math.ceil(Fraction(chance) * 2 ** (DOUBLE.digits + 1))
    precision = computed(op.dtype).numpy.type
    scale = float(precision(1) / precision(chance))

    def sampler(place: Place, words: Value, _: list[Value]) -> Vector:
        b, lanes = place.builder, place.lanes
        whole = unit_integers(b, words, DOUBLE, lanes)
        kept = b.icmp_unsigned("<", whole, repeated(I64, lanes, below))
        yes, no = (constant(op.dtype, number, lanes).value for number in (scale, 0.0))
        return Vector(b.select(kept, yes, no), op.dtype, lanes)

    return filling(job, sampler, 2)


@lowers(RandomBernoulli)
def bernoulli(job: Job) -> Kernel:
    """u < p, u in the precision of p."""
    dtype = job.dtypes[1]
    format = format_of(computed(dtype))

    def sampler(place: Place, words: Value, operands: list[Value]) -> Vector:
        chance = _chance(job, place, operands[0])
        hit = unit(place.builder, words, format, place.lanes) < chance
        return cast(place.builder, Vector(hit.value, bool_, place.lanes), dtype)

    refused = (
        f"{job.op.name} needs probabilities between 0 and 1: number {{}} is not one "
        "(-1: the generator's state is damaged)"
    )
    return filling(
        job, sampler, words_in(format), {"look_at_chances": _look_at_chances(job)}, refused
    )


def _chance(job: Job, place: Place, pointer: Value) -> Real:
    given = place.load(job.dtypes[1], pointer, job.layouts[1])
    return real(place.builder, cast(place.builder, given, computed(given.dtype)))


def _look_at_chances(job: Job) -> Emitter:
    """Report the first number that is no probability."""
    count = job.types[1].size

    def emit(builder: Any, arguments: list[Value]) -> None:
        pointer, *_, status = arguments
        least = cgutils.alloca_once_value(builder, I64(count))

        def look(index: Value) -> None:
            chance = _chance(job, Place(builder, index, 1), pointer)
            inside: Mask = (chance >= 0.0) & (chance <= 1.0)
            known = builder.load(least)
            nearer = builder.select(builder.icmp_signed("<", index, known), index, known)
            builder.store(builder.select(inside.value, known, nearer), least)

        counted(builder, I64(0), I64(count), look)
        found = builder.load(least)
        with builder.if_then(builder.icmp_signed("<", found, I64(count))):
            report(builder, status, found)

    return emit
