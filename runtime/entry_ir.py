"""The entry of a program as LLVM IR: a METH_FASTCALL function that reads arrays where NumPy keeps them.

What differs from process to process (Python's type objects, buffers, the program itself) are external symbols, bound
when the code is loaded, so that the same signature gives the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
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
from .pool_ir import BARRIER_BYTES, LOCK, RUN, UNLOCK

ENTRY, INVOKE = "tapeout_entry", "tapeout_invoke"
STEP, TABLE, RESULT, FINISH = "tapeout_step", "tapeout_table", "tapeout_result", "tapeout_finish"
ARRAY_TYPE, NONE, PROGRAM_LOCK = "tapeout_array_type", "tapeout_none", "tapeout_program_lock"


class Returns(Enum):
    """What a call of the entry gives back."""

    NOTHING = "None"
    F32 = "float"
    F64 = "double"
    I64 = "i64"
    BOOL = "i8"
    FINISH = "what a Python callable makes"


@dataclass(frozen=True)
class Shape:
    """All that the code of an entry depends on."""

    arguments: tuple[Argument, ...]
    returns: Returns
    parts: int
    releases_gil: bool


def entry_ir(shape: Shape) -> str:
    """The module of an entry."""
    count = len(shape.arguments)
    return "".join(
        [
            _DECLARATIONS,
            _checks(shape.arguments),
            _region(shape.parts),
            Template(_INVOKE).substitute(
                fill=_fill(count),
                run=_run(shape.parts),
                result=_RESULTS[shape.returns],
                before=_BEFORE if shape.releases_gil else "",
                after=_AFTER if shape.releases_gil else "",
                unlock=_UNLOCK if shape.releases_gil else "",
            ),
            Template(_ENTRY).substitute(count=count, room=max(count, 1), checks=_looks(count)),
        ]
    )


_DECLARATIONS = f"""
@{ARRAY_TYPE} = external global i8
@{NONE} = external global i64
@{TABLE} = external global ptr
@{RESULT} = external global i8
@{FINISH} = external global i8
@{PROGRAM_LOCK} = external global i32
declare void @{STEP}(ptr, i64, i64, ptr)
declare void @{RUN}(ptr, ptr, i64)
declare void @{LOCK}(ptr)
declare void @{UNLOCK}(ptr)
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyBool_FromLong(i64)
declare ptr @PyObject_CallNoArgs(ptr)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @Py_IncRef(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""

# One function per argument: the address of its data, or null where it is not exact.
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


def _checks(arguments: Sequence[Argument]) -> str:
    return "".join(_check(index, argument) for index, argument in enumerate(arguments))


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


def _region(parts: int) -> str:
    """The program as a region of the pool, where its argument is the barrier."""
    if parts == 1:
        return ""
    return f"""
define internal void @region(ptr %barrier, i64 %part, i64 %parts) {{
  call void @{STEP}(ptr @{TABLE}, i64 %part, i64 %parts, ptr %barrier)
  ret void
}}
"""


def _run(parts: int) -> str:
    if parts == 1:
        return f"  call void @{STEP}(ptr @{TABLE}, i64 0, i64 1, ptr null)"
    return f"""  %barrier = alloca i8, i64 {BARRIER_BYTES}, align 64
  call void @llvm.memset.p0.i64(ptr align 64 %barrier, i8 0, i64 {BARRIER_BYTES}, i1 false)
  call void @{RUN}(ptr @region, ptr %barrier, i64 {parts})"""


# The table is shared by all calls, so it is filled only by whoever has the program to itself: Python's lock sees to
# that, or, where that one is released, the program's own.
_BEFORE = f"""
  %thread = call ptr @PyEval_SaveThread()
  call void @{LOCK}(ptr @{PROGRAM_LOCK})"""
_AFTER = "\n  call void @PyEval_RestoreThread(ptr %thread)"
_UNLOCK = f"\n  call void @{UNLOCK}(ptr @{PROGRAM_LOCK})"

_INVOKE = f"""
define ptr @{INVOKE}(ptr %pointers) {{$before
$fill
$run$after
$result$unlock
  ret ptr %object
}}
"""


def _fill(count: int) -> str:
    lines = (
        f"  %from{i}.p = getelementptr ptr, ptr %pointers, i64 {i}\n"
        f"  %from{i} = load ptr, ptr %from{i}.p\n"
        f"  %to{i}.p = getelementptr ptr, ptr @{TABLE}, i64 {i}\n"
        f"  store ptr %from{i}, ptr %to{i}.p"
        for i in range(count)
    )
    return "\n".join(lines)


_RESULTS = {
    Returns.NOTHING: f"  call void @Py_IncRef(ptr @{NONE})\n  %object = bitcast ptr @{NONE} to ptr",
    Returns.F32: f"""  %value = load float, ptr @{RESULT}, align 1
  %wide = fpext float %value to double
  %object = call ptr @PyFloat_FromDouble(double %wide)""",
    Returns.F64: f"""  %value = load double, ptr @{RESULT}, align 1
  %object = call ptr @PyFloat_FromDouble(double %value)""",
    Returns.I64: f"""  %value = load i64, ptr @{RESULT}, align 1
  %object = call ptr @PyLong_FromLongLong(i64 %value)""",
    Returns.BOOL: f"""  %value = load i8, ptr @{RESULT}
  %wide = zext i8 %value to i64
  %object = call ptr @PyBool_FromLong(i64 %wide)""",
    Returns.FINISH: f"  %object = call ptr @PyObject_CallNoArgs(ptr @{FINISH})",
}

_ENTRY = f"""
define ptr @{ENTRY}(ptr %self, ptr %args, i64 %count) {{
  %pointers = alloca ptr, i64 $room
  %right = icmp eq i64 %count, $count
  br i1 %right, label %look0, label %slow
$checks
go:
  %object = call ptr @{INVOKE}(ptr %pointers)
  ret ptr %object
slow:
  %other = call ptr @PyObject_Vectorcall(ptr %self, ptr %args, i64 %count, ptr null)
  ret ptr %other
}}
"""


def _looks(count: int) -> str:
    """One block per argument, each leading to the next; the last one leads to the call."""
    blocks = [
        f"""look{i}:
  %object{i}.p = getelementptr ptr, ptr %args, i64 {i}
  %object{i} = load ptr, ptr %object{i}.p
  %data{i} = call ptr @check{i}(ptr %object{i})
  %bad{i} = icmp eq ptr %data{i}, null
  %pointer{i}.p = getelementptr ptr, ptr %pointers, i64 {i}
  store ptr %data{i}, ptr %pointer{i}.p
  br i1 %bad{i}, label %slow, label %look{i + 1}"""
        for i in range(count)
    ]
    return "\n".join([*blocks, f"look{count}:\n  br label %go"])
