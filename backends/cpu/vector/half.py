"""The 16-bit floats: from and to single precision, rounding to nearest, halves to even."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll

from .real import SINGLE, Real, select, shaped

LOW_HALF = 0xFFFF


def single_from_half(builder: Any, raw: Any, lanes: int) -> Real:
    """f16 as f32."""
    return Real(builder, builder.fpext(raw, shaped(SINGLE.scalar, lanes)), SINGLE, lanes)


def half_from_single(builder: Any, x: Real) -> Any:
    """f32 as f16."""
    return builder.fptrunc(x.value, shaped(ll.HalfType(), x.lanes))


def rounded_to_half(x: Real) -> Real:
    """The nearest f16 of an f32, still as f32."""
    return single_from_half(x.builder, half_from_single(x.builder, x), x.lanes)


def bfloat_from_bits(builder: Any, raw: Any, lanes: int) -> Real:
    """bf16 as f32: its bits are the upper half."""
    wide = builder.zext(raw, shaped(ll.IntType(32), lanes))
    upper = builder.shl(wide, _words(16, lanes))
    return Real(builder, builder.bitcast(upper, shaped(SINGLE.scalar, lanes)), SINGLE, lanes)


def bfloat_bits(builder: Any, x: Real) -> Any:
    """f32 as the bits of a bf16."""
    upper = builder.lshr(rounded_to_bfloat(x).bits().value, _words(16, x.lanes))
    return builder.trunc(upper, shaped(ll.IntType(16), x.lanes))


def rounded_to_bfloat(x: Real) -> Real:
    """The nearest bf16 of an f32, still as f32. NaN becomes the plain one, lest the carry destroy it."""
    bits = x.bits()
    odd = (bits >> 16) & 1
    rounded = (bits + odd + (LOW_HALF >> 1)) & ~LOW_HALF
    return select(x.is_nan(), float("nan"), rounded.real())


def narrowed_to_odd(x: Real) -> Real:
    """f64 as f32 with an odd last bit unless exact, so that rounding it once more is as good as rounding once."""
    near = x.narrowed()
    error = x - near.widened()
    bits = near.bits()
    outward = (error > 0.0) ^ (bits < 0)
    moved = select(outward, (bits + 1).real(), (bits - 1).real())
    even_and_inexact = (bits & 1).equals(0) & ((error < 0.0) | (error > 0.0))
    return select(even_and_inexact, moved, near)


def _words(number: int, lanes: int) -> Any:
    word = ll.IntType(32)
    return ll.Constant(shaped(word, lanes), number if lanes == 1 else [number] * lanes)
