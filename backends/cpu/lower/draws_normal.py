"""Normal draws: Box and Muller on blocks of sixteen units, and by pairs where there are fewer samples."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir as ll
from numba.core import cgutils

from ....ir.dtypes import float64
from ....ir.ops.random import RandomNormal
from ....ir.random import exact_math as exact
from ....ir.random.distributions import BLOCK, words_for_normal_blocks
from ....ir.random.exact_math import F32
from ....ir.random.mersenne import HAS_SPARE, SPARE
from ..kernel import Kernel
from ..macros import Emitter
from ..vector import Vector
from ..vector.convert import cast
from ..vector.kinds import format_of
from ..vector.real import DOUBLE, SINGLE, Bits, Real, select, shaped
from .draws import computed, floats_only
from .draws_frame import CHUNK, Place, check_attributes, drawing, in_chunks
from .draws_words import I32, I64, Value, counted, draw_words, own_words, unit, words_in
from .rule import Job, lowers

HALF = BLOCK // 2


@lowers(RandomNormal)
def normal(job: Job) -> Kernel:
    """Blocks from sixteen samples on."""
    floats_only(job, job.types[1])
    check_attributes(job)
    emit = _by_blocks(job) if job.types[1].size >= BLOCK else _by_pairs(job)
    return drawing(job, ["fill(x1, x2)"], {"fill": emit})


def _by_blocks(job: Job) -> Emitter:
    """A ragged end takes a fresh block for the last sixteen samples."""
    count, format = job.types[1].size, format_of(computed(job.op.dtype))
    ragged = count % BLOCK
    words = words_in(format)
    fresh = BLOCK * words if ragged else 0
    unused = words_for_normal_blocks(count, job.op.dtype.numpy) - (count - ragged) * words - fresh

    def emit(builder: Any, arguments: list[Value]) -> None:
        samples, state = arguments
        memory = own_words(builder, CHUNK * words)

        def chunk(start: Value, size: Value) -> None:
            draw_words(builder, state, memory, builder.mul(size, I64(words)))

            def block(at: Value) -> None:
                source = builder.gep(memory, [builder.mul(at, I64(words))])
                _store_block(job, builder, builder.add(start, at), source, samples)

            counted(builder, I64(0), size, block, BLOCK)

        in_chunks(builder, count - ragged, chunk)
        if ragged:
            draw_words(builder, state, memory, I64(unused))
            draw_words(builder, state, memory, I64(fresh))
            _store_block(job, builder, I64(count - BLOCK), memory, samples)

    return emit


def _store_block(job: Job, builder: Any, first: Value, words: Value, samples: Value) -> None:
    """Eight radii and eight angles give eight samples by cosine, and eight by sine."""
    dtype = computed(job.op.dtype)
    format = format_of(dtype)
    turns_at = builder.gep(words, [I64(HALF * words_in(format))])
    spent, turns = (unit(builder, at, format, HALF) for at in (words, turns_at))
    remaining = 1.0 - spent
    angle = turns * float(dtype.numpy.type(2 * math.pi))
    if format is SINGLE:
        log, (sin, cos) = log_f32(remaining), sincos_f32(angle)
    else:
        log, sin, cos = (
            by_c_library(*how) for how in (("log", remaining), ("sin", angle), ("cos", angle))
        )
    radius = (log * -2.0).sqrt()
    for offset, x in ((0, radius * cos), (HALF, radius * sin)):
        _store(job, builder, builder.add(first, I64(offset)), x, samples)


def _store(job: Job, builder: Any, first: Value, standard: Real, samples: Value) -> None:
    """Standard normal samples, stretched and moved."""
    moved = standard.fma(job.op.std, job.op.mean)
    held = float64 if moved.format is DOUBLE else computed(job.op.dtype)
    x = cast(builder, Vector(moved.value, held, moved.lanes), job.op.dtype)
    if job.layouts[1].is_dense or x.lanes == 1:
        Place(builder, first, x.lanes).store(x, samples, job.layouts[1])
        return
    for lane in range(x.lanes):
        one = Vector(builder.extract_element(x.value, I32(lane)), x.dtype, 1)
        Place(builder, builder.add(first, I64(lane)), 1).store(one, samples, job.layouts[1])


def _by_pairs(job: Job) -> Emitter:
    """Two double-precision units give two samples; the last one of an odd number is spared for the next draw."""
    count = job.types[1].size

    def emit(builder: Any, arguments: list[Value]) -> None:
        samples, state = arguments
        if count:
            found = _few(builder, state, count)

            def one(index: Value) -> None:
                raw = builder.load(builder.gep(found, [index]))
                _store(job, builder, index, Real(builder, raw, DOUBLE, 1), samples)

            counted(builder, I64(0), I64(count), one)

    return emit


def _few(builder: Any, state: Value, count: int) -> Value:
    """Memory that holds so many standard normal samples."""
    has_spare = builder.gep(state, [I64(HAS_SPARE)])
    spare = builder.bitcast(builder.gep(state, [I64(SPARE.start)]), DOUBLE.scalar.as_pointer())
    found = cgutils.alloca_once(builder, DOUBLE.scalar, count + 1)
    builder.store(builder.load(spare, align=4), found)
    given = builder.zext(builder.icmp_unsigned("!=", builder.load(has_spare), I32(0)), I64)
    needed = builder.sub(I64(count), given)
    memory = own_words(builder, 4)

    def pair(index: Value) -> None:
        draw_words(builder, state, memory, I64(4))
        _store_pair(builder, memory, builder.gep(found, [index]))

    counted(builder, given, I64(count), pair, 2)
    odd = builder.trunc(builder.and_(needed, I64(1)), ll.IntType(1))
    last = builder.load(builder.gep(found, [I64(count)]))
    builder.store(builder.zext(odd, I32), has_spare)
    builder.store(builder.select(odd, last, DOUBLE.scalar(0.0)), spare, align=4)
    return found


def _store_pair(builder: Any, words: Value, target: Value) -> None:
    turn = unit(builder, words, DOUBLE, 1)
    spent = unit(builder, builder.gep(words, [I64(2)]), DOUBLE, 1)
    radius = (by_c_library("log1p", -spent) * -2.0).sqrt()
    angle = turn * (2 * math.pi)
    builder.store((radius * by_c_library("cos", angle)).value, target)
    builder.store((radius * by_c_library("sin", angle)).value, builder.gep(target, [I64(1)]))


def by_c_library(name: str, x: Real) -> Real:
    """A function of the C library on each lane: its rounding is part of what a seed means."""
    b, scalar = x.builder, x.format.scalar
    known = b.module.globals.get(name)
    function = known or ll.Function(b.module, ll.FunctionType(scalar, [scalar]), name)
    if x.lanes == 1:
        return x.of(Real(b, b.call(function, [x.value]), x.format, 1))
    found = ll.Constant(x.value.type, ll.Undefined)
    for lane in range(x.lanes):
        one = b.call(function, [b.extract_element(x.value, I32(lane))])
        found = b.insert_element(found, one, I32(lane))
    return Real(b, found, x.format, x.lanes)


def log_f32(x: Real) -> Real:
    """`exact_math.log_f32`, rounding for rounding."""
    bits = x.bits()
    exponent = ((bits >> 23) - 126).number()
    mantissa = ((bits & 0x7F_FFFF) | 0x3F00_0000).real()
    low = mantissa < float(exact.SQRT_HALF)
    e = select(low, exponent - 1.0, exponent)
    r = mantissa - 1.0
    r = select(low, r + mantissa, r)
    square = r * r
    cubic = (_horner(exact.LOG_TERMS, r) * r).fma(square, e * float(exact.LN2_LOW))
    return (r + (cubic - square * 0.5)) + e * float(exact.LN2_HIGH)


def sincos_f32(angle: Real) -> tuple[Real, Real]:
    """`exact_math.sincos_f32`, rounding for rounding."""
    b, (high, middle, rest) = angle.builder, map(float, exact.QUARTER_PI)
    kind = shaped(I32, angle.lanes)
    turned = angle * float(exact.FOUR_OVER_PI)
    whole = Bits(b, b.fptosi(turned.value, kind), angle.format, angle.lanes)
    octant = (whole + 1) & ~1
    o = octant.number()
    r = (-o).fma(rest, (angle - o * high) - o * middle)
    square = r * r
    sine = (_horner(exact.SIN_TERMS, square) * square).fma(r, r)
    quartic = (_horner(exact.COS_TERMS, square) * square).fma(square, square * -0.5)
    cosine = quartic + 1.0
    straight = (octant & 2).equals(0)
    sin, cos = select(straight, sine, cosine), select(straight, cosine, sine)
    return (
        select((octant & 4).equals(0), sin, -sin),
        select(((octant + 2) & 4).equals(0), cos, -cos),
    )


def _horner(terms: F32, x: Real) -> Real:
    """The term of the highest power first."""
    return x.polynomial([float(term) for term in terms[::-1]])
