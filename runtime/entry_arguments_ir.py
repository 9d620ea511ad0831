"""How an entry looks at its arguments, as LLVM IR: from an object to its array, from an array to its data."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from .arguments import Argument
from .array_layout import (
    ALIGNED,
    BYTE_ORDER,
    C_CONTIGUOUS,
    DATA,
    DESCRIPTION,
    FLAGS,
    FOREIGN_ORDER,
    NDIM,
    OBJECT_TYPE,
    SHAPE,
    TYPE_NUMBER,
    WRITEABLE,
)
from .object_layout import Unwrap

ARRAY_TYPE, NONE = "tapeout_array_type", "tapeout_none"


def type_symbol(index: int) -> str:
    """The class number `index` that an Unwrap is for."""
    return f"tapeout_type{index}"


def required_symbol(index: int) -> str:
    """The object that requirement number `index` of an Unwrap asks for."""
    return f"tapeout_required{index}"


def checks_ir(arguments: Sequence[Argument]) -> str:
    """`@check<i>`, one function per argument: the address of its data, or null where it is not exact."""
    return "".join(_check(index, argument) for index, argument in enumerate(arguments))


_CHECK = f"""
define internal ptr @check$index(ptr %object) alwaysinline {{
  %type.p = getelementptr i8, ptr %object, i64 {OBJECT_TYPE}
  %type = load ptr, ptr %type.p
  %is.array = icmp eq ptr %type, @{ARRAY_TYPE}
  br i1 %is.array, label %array, label %no
array:
  %ndim.p = getelementptr i8, ptr %object, i64 {NDIM}
  %ndim = load i32, ptr %ndim.p
  %ndim.ok = icmp eq i32 %ndim, $ndim
  %flags.p = getelementptr i8, ptr %object, i64 {FLAGS}
  %flags = load i32, ptr %flags.p
  %masked = and i32 %flags, $flags
  %flags.ok = icmp eq i32 %masked, $flags
  %dtype.p = getelementptr i8, ptr %object, i64 {DESCRIPTION}
  %dtype = load ptr, ptr %dtype.p
  %number.p = getelementptr i8, ptr %dtype, i64 {TYPE_NUMBER}
  %number = load i32, ptr %number.p
  %number.ok = icmp eq i32 %number, $number
  %order.p = getelementptr i8, ptr %dtype, i64 {BYTE_ORDER}
  %order = load i8, ptr %order.p
  %order.ok = icmp ne i8 %order, {FOREIGN_ORDER}
  %ok1 = and i1 %ndim.ok, %flags.ok
  %ok2 = and i1 %number.ok, %order.ok
  %ok3 = and i1 %ok1, %ok2
  br i1 %ok3, label %shaped, label %no
shaped:
  %shape.p = getelementptr i8, ptr %object, i64 {SHAPE}
  %shape = load ptr, ptr %shape.p
  %same.0 = icmp eq i32 0, 0
$dimensions  br i1 %same.$ndim, label %yes, label %no
yes:
  %data.p = getelementptr i8, ptr %object, i64 {DATA}
  %data = load ptr, ptr %data.p
  ret ptr %data
no:
  ret ptr null
}}
"""

_DIMENSION = """  %length$axis.p = getelementptr i64, ptr %shape, i64 $axis
  %length$axis = load i64, ptr %length$axis.p
  %length$axis.ok = icmp eq i64 %length$axis, $length
  %same.$next = and i1 %same.$axis, %length$axis.ok
"""


def _check(index: int, argument: Argument) -> str:
    dimensions = (
        Template(_DIMENSION).substitute(axis=axis, next=axis + 1, length=length)
        for axis, length in enumerate(argument.shape)
    )
    return Template(_CHECK).substitute(
        index=index,
        ndim=len(argument.shape),
        flags=C_CONTIGUOUS | ALIGNED | (WRITEABLE if argument.writable else 0),
        number=argument.dtype.num,
        dimensions="".join(dimensions),
    )


def unwrap_ir(unwrap: Unwrap | None) -> str:
    """`@unwrapped`: the object in an argument; None, which is no array, where there is none as asked for."""
    if unwrap is None:
        return _AS_IT_IS
    paths = [path for path, _ in unwrap.require]
    types, requirements = range(len(unwrap.types)), range(len(paths))
    return "".join(
        [
            *(f"@{type_symbol(i)} = external global i8\n" for i in types),
            *(f"@{required_symbol(i)} = external global i8\n" for i in requirements),
            _follow("array", unwrap.hops),
            *(_follow(f"required{i}", path) for i, path in enumerate(paths)),
            Template(_UNWRAPPED).substitute(
                types="".join(_TYPE.format(i, i + 1, type_symbol(i)) for i in types),
                type_count=len(types),
                requirements="".join(
                    _REQUIREMENT.format(i, i + 1, required_symbol(i)) for i in requirements
                ),
                requirement_count=len(requirements),
            ),
        ]
    )


_AS_IT_IS = """
define internal ptr @unwrapped(ptr %object) alwaysinline {
  ret ptr %object
}
"""

_UNWRAPPED = f"""
define internal ptr @unwrapped(ptr %object) {{
  %type.p = getelementptr i8, ptr %object, i64 {OBJECT_TYPE}
  %type = load ptr, ptr %type.p
  %known.0 = icmp ne i32 0, 0
$types  br i1 %known.$type_count, label %known, label %no
known:
  %array = call ptr @follow.array(ptr %object)
  %met.0 = icmp ne ptr %array, null
$requirements  br i1 %met.$requirement_count, label %yes, label %no
yes:
  ret ptr %array
no:
  ret ptr @{NONE}
}}
"""

_TYPE = """  %type.{0} = icmp eq ptr %type, @{2}
  %known.{1} = or i1 %known.{0}, %type.{0}
"""

_REQUIREMENT = """  %end.{0} = call ptr @follow.required{0}(ptr %object)
  %end.{0}.ok = icmp eq ptr %end.{0}, @{2}
  %met.{1} = and i1 %met.{0}, %end.{0}.ok
"""

_HOP = """at{0}:
  %slot{0} = getelementptr i8, ptr %object{0}, i64 {1}
  %object{2} = load ptr, ptr %slot{0}
  %empty{0} = icmp eq ptr %object{2}, null
  br i1 %empty{0}, label %no, label %at{2}
"""


def _follow(name: str, path: Sequence[int]) -> str:
    """The object at the end of a path of slots; null if a slot on the way is empty."""
    hops = "".join(_HOP.format(i, offset, i + 1) for i, offset in enumerate(path))
    return f"""
define internal ptr @follow.{name}(ptr %object0) alwaysinline {{
{hops}at{len(path)}:
  ret ptr %object{len(path)}
no:
  ret ptr null
}}
"""
