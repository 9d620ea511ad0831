"""Conversions between element types.

As NumPy's `astype` for numbers that the target holds. Floats become integers of 32 or 64 bits, or the nearest bound of
those, NaN becomes 0; integers wrap; anything but 0 is true.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll

from ....ir.dtypes import DType, int32
from .half import narrowed_to_odd, rounded_to_bfloat, rounded_to_half
from .kinds import Vector, compute_type, real
from .real import Real, intrinsic, mangled, shaped


def cast(builder: Any, x: Vector, dtype: DType) -> Vector:
    """The same numbers as another type."""
    if x.dtype is dtype:
        return x
    return Vector(_converted(builder, x, dtype), dtype, x.lanes)


def rounded(builder: Any, x: Vector) -> Vector:
    """A result that was computed in f32 as its own 16-bit type holds it; others as they are."""
    match x.dtype.name:
        case "f16":
            return Vector(rounded_to_half(real(builder, x)).value, x.dtype, x.lanes)
        case "bf16":
            return Vector(rounded_to_bfloat(real(builder, x)).value, x.dtype, x.lanes)
    return x


def _converted(builder: Any, x: Vector, dtype: DType) -> Any:
    if dtype.kind == "bool":
        return _truth(builder, x)
    if x.dtype.is_floating_point:
        return (_float_to_float if dtype.is_floating_point else _float_to_int)(builder, x, dtype)
    if dtype.is_floating_point:
        return _int_to_float(builder, x, dtype)
    return _int_to_int(builder, x, dtype)


def _truth(builder: Any, x: Vector) -> Any:
    zero = ll.Constant(x.value.type, None)
    if x.dtype.is_floating_point:
        return builder.fcmp_unordered("!=", x.value, zero)
    return builder.icmp_unsigned("!=", x.value, zero)


def _int_to_int(builder: Any, x: Vector, dtype: DType) -> Any:
    type_ = shaped(compute_type(dtype), x.lanes)
    held = 1 if x.dtype.kind == "bool" else x.dtype.bits
    if held == dtype.bits:
        return x.value
    if held > dtype.bits:
        return builder.trunc(x.value, type_)
    return (builder.sext if x.dtype.is_signed else builder.zext)(x.value, type_)


def _int_to_float(builder: Any, x: Vector, dtype: DType) -> Any:
    type_ = shaped(compute_type(dtype), x.lanes)
    value = (builder.sitofp if x.dtype.is_signed else builder.uitofp)(x.value, type_)
    return rounded(builder, Vector(value, dtype, x.lanes)).value


def _float_to_int(builder: Any, x: Vector, dtype: DType) -> Any:
    """The small integers go through i32 and wrap."""
    held = dtype if dtype.bits >= 32 else int32
    type_ = shaped(compute_type(held), x.lanes)
    suffix = f"{mangled(type_)}.{mangled(x.value.type)}"
    value = intrinsic(builder, "fptosi.sat", type_, [x.value], suffix)
    return _int_to_int(builder, Vector(value, held, x.lanes), dtype)


def _float_to_float(builder: Any, x: Vector, dtype: DType) -> Any:
    number = real(builder, x)
    if x.dtype.name != "f64":
        return number.widened().value if dtype.name == "f64" else _small(builder, number, dtype)
    if dtype.name == "f16":
        return _small(builder, narrowed_to_odd(number), dtype)
    return _small(builder, number.narrowed(), dtype)


def _small(builder: Any, x: Real, dtype: DType) -> Any:
    return rounded(builder, Vector(x.value, dtype, x.lanes)).value
