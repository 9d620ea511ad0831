"""Element types in memory and in registers.

| type          | in memory      | in registers                             |
|---------------|----------------|------------------------------------------|
| bool          | i8, 0 or 1     | i1                                       |
| integers      | the same       | the same                                 |
| f16, bf16     | 16 bits        | f32, holding a number that fits 16 bits  |
| f32, f64      | the same       | the same                                 |

A value of one lane is a plain scalar. Loads and stores need no alignment beyond an element's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import ir as ll

from ....ir.dtypes import DType, Scalar, int32
from .half import bfloat_bits, bfloat_from_bits, half_from_single, single_from_half
from .real import DOUBLE, SINGLE, Format, Mask, Real, intrinsic, mangled, repeated, shaped

SMALL_FLOATS = ("f16", "bf16")


@dataclass(frozen=True)
class Vector:
    """An LLVM value that holds `lanes` elements of a type, in the form that registers have."""

    value: Any
    dtype: DType
    lanes: int


def storage_type(dtype: DType) -> Any:
    """How LLVM calls an element in memory."""
    if dtype.name in ("f32", "f64", "f16"):
        return {"f32": ll.FloatType(), "f64": ll.DoubleType(), "f16": ll.HalfType()}[dtype.name]
    return ll.IntType(dtype.bits)


def compute_type(dtype: DType) -> Any:
    """How LLVM calls an element in a register."""
    if dtype.is_floating_point:
        return format_of(dtype).scalar
    return ll.IntType(1 if dtype.kind == "bool" else dtype.bits)


def format_of(dtype: DType) -> Format:
    """The format that a floating-point type is computed in."""
    return DOUBLE if dtype.name == "f64" else SINGLE


def real(builder: Any, x: Vector) -> Real:
    """A floating-point vector, to compute with."""
    return Real(builder, x.value, format_of(x.dtype), x.lanes)


def mask(builder: Any, x: Vector) -> Mask:
    """A bool vector, to choose by."""
    return Mask(builder, x.value)


def constant(dtype: DType, number: Scalar, lanes: int) -> Vector:
    """A number in every lane."""
    held = dtype.cast(number)
    if dtype.name in SMALL_FLOATS:
        held = float(dtype.numpy.type(held))
    return Vector(repeated(compute_type(dtype), lanes, held), dtype, lanes)


def splat(builder: Any, x: Vector, lanes: int) -> Vector:
    """A scalar in every lane; what already has so many lanes stays as it is."""
    if x.lanes == lanes:
        return x
    if x.lanes != 1:
        raise ValueError(f"a vector of {x.lanes} lanes cannot become one of {lanes}: splat scalars")
    type_ = ll.VectorType(x.value.type, lanes)
    one = builder.insert_element(ll.Constant(type_, ll.Undefined), x.value, ll.IntType(32)(0))
    zeros = ll.Constant(ll.VectorType(ll.IntType(32), lanes), [0] * lanes)
    value = builder.shuffle_vector(one, ll.Constant(type_, ll.Undefined), zeros)
    return Vector(value, x.dtype, lanes)


def first_lanes(builder: Any, count: Any, lanes: int) -> Any:
    """A mask for tails: true in the first `count` lanes (an integer value, signed; at most 2^31)."""
    if lanes == 1:
        return builder.icmp_signed(">", count, count.type(0))
    most = builder.select(
        builder.icmp_signed("<", count, count.type(lanes)), count, count.type(lanes)
    )
    word = ll.IntType(32)
    narrow = most if count.type.width == 32 else builder.trunc(most, word)
    spread = splat(builder, Vector(narrow, int32, 1), lanes)
    numbers = ll.Constant(ll.VectorType(word, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, spread.value)


def load(
    builder: Any, dtype: DType, pointer: Any, index: Any, lanes: int, mask: Any = None
) -> Vector:
    """Elements `index` … `index + lanes - 1` behind a pointer to the storage type; 0 where the mask is false."""
    stored = storage_type(dtype)
    type_ = _in_memory(stored, lanes, mask)
    place = builder.bitcast(builder.gep(pointer, [index]), type_.as_pointer())
    if mask is None:
        raw = builder.load(place)
        raw.align = dtype.itemsize
    else:
        raw = _masked_load(builder, place, type_, dtype.itemsize, _as_vector(builder, mask))
        raw = raw if lanes > 1 else builder.extract_element(raw, ll.IntType(32)(0))
    return Vector(_unpacked(builder, dtype, raw, lanes), dtype, lanes)


def store(builder: Any, x: Vector, pointer: Any, index: Any, mask: Any = None) -> None:
    """Write the lanes behind a pointer to the storage type, where the mask (if any) is true."""
    raw = _packed(builder, x)
    if mask is not None:
        raw = _as_vector(builder, raw)
    place = builder.bitcast(builder.gep(pointer, [index]), raw.type.as_pointer())
    if mask is None:
        builder.store(raw, place).align = x.dtype.itemsize
    else:
        arguments = [raw, place, ll.IntType(32)(x.dtype.itemsize), _as_vector(builder, mask)]
        suffix = f"{mangled(raw.type)}.p0"
        intrinsic(builder, "masked.store", ll.VoidType(), arguments, suffix)


def _in_memory(stored: Any, lanes: int, mask: Any) -> Any:
    """Masked access is for vectors only, so there one lane is a vector of one."""
    return shaped(stored, lanes) if mask is None else ll.VectorType(stored, lanes)


def _masked_load(builder: Any, place: Any, type_: Any, align: int, mask: Any) -> Any:
    arguments = [place, ll.IntType(32)(align), mask, ll.Constant(type_, None)]
    return intrinsic(builder, "masked.load", type_, arguments, f"{mangled(type_)}.p0")


def _as_vector(builder: Any, value: Any) -> Any:
    if isinstance(value.type, ll.VectorType):
        return value
    empty = ll.Constant(ll.VectorType(value.type, 1), ll.Undefined)
    return builder.insert_element(empty, value, ll.IntType(32)(0))


def _unpacked(builder: Any, dtype: DType, raw: Any, lanes: int) -> Any:
    """From memory's form to the registers'."""
    match dtype.name:
        case "bool":
            return builder.icmp_unsigned("!=", raw, ll.Constant(raw.type, None))
        case "f16":
            return single_from_half(builder, raw, lanes).value
        case "bf16":
            return bfloat_from_bits(builder, raw, lanes).value
    return raw


def _packed(builder: Any, x: Vector) -> Any:
    """From the registers' form to memory's."""
    match x.dtype.name:
        case "bool":
            return builder.zext(x.value, shaped(ll.IntType(8), x.lanes))
        case "f16":
            return half_from_single(builder, real(builder, x))
        case "bf16":
            return bfloat_bits(builder, real(builder, x))
    return x.value
