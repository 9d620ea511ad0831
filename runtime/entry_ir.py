"""The entry of a program as LLVM IR: a METH_FASTCALL function that takes arrays, or what holds them, to their data.

What differs from process to process (Python's type objects, buffers, the program itself) are external symbols, bound
when the code is loaded, so that the same signature gives the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from string import Template

from .arguments import Argument
from .entry_arguments_ir import ARRAY_TYPE, NONE, checks_ir, unwrap_ir
from .object_layout import Unwrap
from .pool_ir import BARRIER_BYTES, RUN
from .turn_ir import BUSY, GIVE, NESTED, TAKE, THREAD, TRY

ENTRY, INVOKE = "tapeout_entry", "tapeout_invoke"
STEP, TABLE, RESULT, FINISH = "tapeout_step", "tapeout_table", "tapeout_result", "tapeout_finish"
TURN, GUARDS, ON_NESTED = "tapeout_turn", "tapeout_guards", "tapeout_on_nested"
OWNER = "tapeout_thread"
FAILED, ON_FAILURE = "tapeout_failed", "tapeout_on_failure"


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
    takes_turn: bool
    unwrap: Unwrap | None
    guards: int
    of_thread: bool
    keywords: bool
    failure_words: int


def entry_ir(shape: Shape) -> str:
    """The module of an entry."""
    return "".join(
        [
            _DECLARATIONS,
            unwrap_ir(shape.unwrap),
            checks_ir(shape.arguments),
            _TAKE_TURN if shape.takes_turn else _TAKE_NOTHING,
            Template(_GUARDED).substitute(count=shape.guards) if shape.guards else _UNGUARDED,
            _OF_THREAD if shape.of_thread else _OF_ANY,
            _region(shape.parts),
            _run_ir(shape),
            Template(_INVOKE).substitute(fill=_fill(len(shape.arguments))),
            _entry(shape),
        ]
    )


_DECLARATIONS = f"""
@{ARRAY_TYPE} = external global i8
@{NONE} = external global i64
@{TABLE} = external global ptr
@{RESULT} = external global i8
@{FINISH} = external global i8
@{TURN} = external global [2 x i64]
@{GUARDS} = external global [2 x ptr]
@{FAILED} = external global i64
@{OWNER} = external global i64
@{ON_FAILURE} = external global i8
@{ON_NESTED} = external global i8
declare void @{STEP}(ptr, i64, i64, ptr)
declare void @{RUN}(ptr, ptr, i64)
declare i64 @{TRY}(ptr)
declare void @{TAKE}(ptr)
declare void @{GIVE}(ptr)
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyBool_FromLong(i64)
declare ptr @PyObject_CallNoArgs(ptr)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @PyEval_SaveThread()
declare i64 @{THREAD}()
declare void @PyEval_RestoreThread(ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""

# The table is shared by all calls, so it is filled only by whoever has the program to itself: Python's lock sees to
# that, or, where Python may run in between, a turn. Nobody waits for that one with Python's lock in hand.
_TAKE_TURN = f"""
define internal i1 @take() {{
  %answer = call i64 @{TRY}(ptr @{TURN})
  switch i64 %answer, label %mine [i64 {BUSY}, label %wait  i64 {NESTED}, label %nested]
wait:
  %thread = call ptr @PyEval_SaveThread()
  call void @{TAKE}(ptr @{TURN})
  call void @PyEval_RestoreThread(ptr %thread)
  br label %mine
mine:
  ret i1 true
nested:
  ret i1 false
}}

define internal void @give_back() alwaysinline {{
  call void @{GIVE}(ptr @{TURN})
  ret void
}}
"""

_TAKE_NOTHING = """
define internal i1 @take() alwaysinline {
  ret i1 true
}

define internal void @give_back() alwaysinline {
  ret void
}
"""

# Whether the words of each pair are equal.
_GUARDED = f"""
define internal i1 @guarded() {{
start:
  br label %look
look:
  %i = phi i64 [0, %start], [%next, %same]
  %left.p = getelementptr [2 x ptr], ptr @{GUARDS}, i64 %i, i64 0
  %left = load ptr, ptr %left.p
  %right.p = getelementptr [2 x ptr], ptr @{GUARDS}, i64 %i, i64 1
  %right = load ptr, ptr %right.p
  %this = load i64, ptr %left
  %that = load i64, ptr %right
  %equal = icmp eq i64 %this, %that
  br i1 %equal, label %same, label %no
same:
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, $count
  br i1 %more, label %look, label %yes
yes:
  ret i1 true
no:
  ret i1 false
}}
"""

_UNGUARDED = """
define internal i1 @guarded() alwaysinline {
  ret i1 true
}
"""


# Whether the calling thread is the one that may.
_OF_THREAD = f"""
define internal i1 @is_allowed() alwaysinline {{
  %me = call i64 @{THREAD}()
  %owner = load i64, ptr @{OWNER}
  %same = icmp eq i64 %me, %owner
  ret i1 %same
}}
"""

_OF_ANY = """
define internal i1 @is_allowed() alwaysinline {
  ret i1 true
}
"""


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


_RUN = """
define internal ptr @run() {
$reset$release  $step
$reacquire$failure$result
  ret ptr %object
}
"""

_FAILURE = f"""  %word = load i64, ptr @{FAILED}
  %bad = icmp ne i64 %word, 0
  br i1 %bad, label %failed, label %well
failed:
  %complaint = call ptr @PyObject_CallNoArgs(ptr @{ON_FAILURE})
  ret ptr %complaint
well:
"""


def _run_ir(shape: Shape) -> str:
    """`@run`: runs the program on the table as it is, and makes what the call gives back."""
    free = shape.releases_gil
    return Template(_RUN).substitute(
        release="  %thread = call ptr @PyEval_SaveThread()\n" if free else "",
        step=_step(shape.parts),
        reacquire="  call void @PyEval_RestoreThread(ptr %thread)\n" if free else "",
        reset=_reset(shape.failure_words),
        failure=_FAILURE if shape.failure_words else "",
        result=_RESULTS[shape.returns],
    )


def _reset(words: int) -> str:
    """What a run before may have left, if an interrupt kept it from being looked at."""
    if not words:
        return ""
    return (
        f"  call void @llvm.memset.p0.i64(ptr align 8 @{FAILED}, i8 0, i64 {8 * words}, i1 false)\n"
    )


def _step(parts: int) -> str:
    if parts == 1:
        return f"call void @{STEP}(ptr @{TABLE}, i64 0, i64 1, ptr null)"
    return f"""%barrier = alloca i8, i64 {BARRIER_BYTES}, align 64
  call void @llvm.memset.p0.i64(ptr align 64 %barrier, i8 0, i64 {BARRIER_BYTES}, i1 false)
  call void @{RUN}(ptr @region, ptr %barrier, i64 {parts})"""


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

_INVOKE = f"""
define ptr @{INVOKE}(ptr %pointers) {{
  %taken = call i1 @take()
  br i1 %taken, label %mine, label %nested
mine:
$fill
  %object = call ptr @run()
  call void @give_back()
  ret ptr %object
nested:
  %complaint = call ptr @PyObject_CallNoArgs(ptr @{ON_NESTED})
  ret ptr %complaint
}}
"""


def _fill(count: int) -> str:
    return "\n".join(
        f"  %from{i}.p = getelementptr ptr, ptr %pointers, i64 {i}\n"
        f"  %from{i} = load ptr, ptr %from{i}.p\n"
        f"  %to{i}.p = getelementptr ptr, ptr @{TABLE}, i64 {i}\n"
        f"  store ptr %from{i}, ptr %to{i}.p"
        for i in range(count)
    )


_ENTRY = f"""
define ptr @{ENTRY}(ptr %self, ptr %args, i64 %count$parameter) {{
  %right = icmp eq i64 %count, $count
  %unnamed = icmp eq ptr $names, null
  %plain = and i1 %right, %unnamed
  br i1 %plain, label %enter, label %slow
enter:
  %taken = call i1 @take()
  br i1 %taken, label %mine, label %nested
mine:
  %unchanged = call i1 @guarded()
  %allowed = call i1 @is_allowed()
  %current = and i1 %unchanged, %allowed
  br i1 %current, label %look0, label %leave
$looks
go:
$hold  %object = call ptr @run()
  call void @give_back()
$release  ret ptr %object
leave:
  call void @give_back()
  br label %slow
nested:
  %complaint = call ptr @PyObject_CallNoArgs(ptr @{ON_NESTED})
  ret ptr %complaint
slow:
  %other = call ptr @PyObject_Vectorcall(ptr %self, ptr %args, i64 %count, ptr $names)
  ret ptr %other
}}
"""


def _entry(shape: Shape) -> str:
    count = len(shape.arguments)
    # While Python runs, an object may be given another array, and the one in use would vanish.
    held = range(count) if shape.unwrap and shape.releases_gil else range(0)
    return Template(_ENTRY).substitute(
        count=count,
        parameter=", ptr %names" if shape.keywords else "",
        names="%names" if shape.keywords else "null",
        looks=_looks(count),
        hold="".join(f"  call void @Py_IncRef(ptr %array{i})\n" for i in held),
        release="".join(f"  call void @Py_DecRef(ptr %array{i})\n" for i in held),
    )


def _looks(count: int) -> str:
    """One block per argument, each leading to the next; the last one leads to the call."""
    blocks = [
        f"""look{i}:
  %given{i}.p = getelementptr ptr, ptr %args, i64 {i}
  %given{i} = load ptr, ptr %given{i}.p
  %array{i} = call ptr @unwrapped(ptr %given{i})
  %data{i} = call ptr @check{i}(ptr %array{i})
  %bad{i} = icmp eq ptr %data{i}, null
  %to{i}.p = getelementptr ptr, ptr @{TABLE}, i64 {i}
  store ptr %data{i}, ptr %to{i}.p
  br i1 %bad{i}, label %leave, label %look{i + 1}"""
        for i in range(count)
    ]
    return "\n".join([*blocks, f"look{count}:\n  br label %go"])
