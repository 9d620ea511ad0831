"""Make a program callable from Python, at about the price of a C function.

A program is `void step(ptr* buffers, i64 part, i64 parts, ptr barrier)`. Its buffers are the data of the array
arguments of the call, in order, followed by the fixed arrays that it was made with (state, arena). What comes back:

* outputs that are arrays are either arguments (`Argument(..., writable=True)`), allocated by the caller, or made after
  the run by a `finish` callable without arguments (a copy out of the arena, for example), whose result is returned;
* one number is returned as a Python float, int or bool, read from the first element of `scalar`, a fixed array;
* otherwise the call returns None.

The function made is a builtin: it checks each argument in place (exact type, dtype, shape, contiguous, aligned), and
passes whatever is not exact to `Slow`, which converts it or says what is wrong. A program that is marked long releases
Python's lock while it runs, and then takes a lock of its own, because its buffers serve one call at a time; `finish`
runs under that lock and must not call the program; nor may a child that was forked while another thread was inside.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import Argument, converted
from .array_layout import layout_is_known
from .assemble import assemble
from .entry_ir import (
    ARRAY_TYPE,
    ENTRY,
    FINISH,
    INVOKE,
    NONE,
    PROGRAM_LOCK,
    RESULT,
    STEP,
    TABLE,
    Returns,
    Shape,
    entry_ir,
)
from .loader import load
from .pool import symbols

Array = np.ndarray[Any, Any]

METH_FASTCALL = 0x80
_PYTHON = (
    "PyFloat_FromDouble",
    "PyLong_FromLongLong",
    "PyBool_FromLong",
    "PyObject_CallNoArgs",
    "PyObject_Vectorcall",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "Py_IncRef",
)
_SCALARS = {"f4": Returns.F32, "f8": Returns.F64, "i8": Returns.I64, "b1": Returns.BOOL}


class _MethodDef(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class Slow:
    """A program called the patient way: converts what can be converted, explains the rest.

    The fast entry has this object as its `__self__`, which keeps code and buffers alive.
    """

    def __init__(
        self, name: str, arguments: tuple[Argument, ...], invoke: Any, keep: Sequence[object]
    ) -> None:
        self.name = name
        self.arguments = arguments
        self._invoke = invoke
        self._keep = list(keep)

    def __call__(self, *given: object) -> Any:
        arrays = converted(self.name, self.arguments, given)
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
        return self._invoke(ctypes.addressof(pointers))

    def hold(self, thing: object) -> None:
        """Keep something alive as long as the program."""
        self._keep.append(thing)


def make_entry(
    name: str,
    step: int,
    arguments: Sequence[Argument],
    fixed: Sequence[Array],
    *,
    scalar: Array | None = None,
    finish: Callable[[], object] | None = None,
    parts: int = 1,
    long: bool = False,
    keep: Sequence[object] = (),
) -> Callable[..., Any]:
    """The program at address `step` as a function of its array arguments; `keep` must outlive it."""
    _check(name, fixed, scalar, finish, parts)
    shape = Shape(tuple(arguments), _returns(scalar, finish), parts, long)
    table = np.zeros(max(1, len(arguments) + len(fixed)), np.uint64)
    table[len(arguments) : len(arguments) + len(fixed)] = [a.ctypes.data for a in fixed]
    lock = np.zeros(1, np.int32)
    library = load(
        [assemble(entry_ir(shape))],
        (ENTRY, INVOKE),
        _imports(step, table, lock, scalar, finish),
    )
    invoke = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p)(library.address(INVOKE))
    alive = [library, table, lock, scalar, finish, *fixed, *keep]
    slow = Slow(name, shape.arguments, invoke, alive)
    return _builtin(slow, library.address(ENTRY)) if _layout_is_usable() else slow


def _check(
    name: str,
    fixed: Sequence[Array],
    scalar: Array | None,
    finish: Callable[[], object] | None,
    parts: int,
) -> None:
    if scalar is not None and finish is not None:
        raise ValueError(f"{name}() cannot return both a scalar and what `finish` makes")
    if parts < 1:
        raise ValueError(f"{name}() cannot run in {parts} parts; 1 is the least")
    for index, array in enumerate(fixed):
        if not array.flags.c_contiguous:
            raise ValueError(f"fixed array {index} of {name}() is not C-contiguous")


def _returns(scalar: Array | None, finish: Callable[[], object] | None) -> Returns:
    if scalar is None:
        return Returns.NOTHING if finish is None else Returns.FINISH
    known = _SCALARS.get(scalar.dtype.str.lstrip("<>|="))
    if known is None:
        raise ValueError(
            f"a scalar of dtype {scalar.dtype} cannot be returned; "
            "use float32, float64, int64 or bool, or a `finish` callable"
        )
    return known


def _imports(
    step: int,
    table: Array,
    lock: Array,
    scalar: Array | None,
    finish: Callable[[], object] | None,
) -> dict[str, int]:
    """What the entry's external symbols stand for; None's own address where nothing is used."""
    python = {name: _address(getattr(ctypes.pythonapi, name)) for name in _PYTHON}
    return {
        **python,
        **symbols(),
        STEP: step,
        TABLE: table.ctypes.data,
        PROGRAM_LOCK: lock.ctypes.data,
        RESULT: id(None) if scalar is None else scalar.ctypes.data,
        FINISH: id(finish),
        ARRAY_TYPE: id(np.ndarray),
        NONE: id(None),
    }


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _builtin(slow: Slow, entry: int) -> Callable[..., Any]:
    """A builtin function that runs the code at `entry`, with `slow` as its self."""
    doc = f"{slow.name}({', '.join(map(str, slow.arguments))})"
    definition = _MethodDef(slow.name.encode(), entry, METH_FASTCALL, doc.encode())
    slow.hold(definition)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.c_void_p]
    made: Callable[..., Any] = make(ctypes.byref(definition), slow, None)
    return made


def _layout_is_usable() -> bool:
    if layout_is_known():
        return True
    warnings.warn(
        f"arrays of NumPy {np.__version__} are not laid out as compiled code expects; calls of "
        "programs take a slower path through ctypes (microseconds each). Results are the same",
        RuntimeWarning,
        stacklevel=3,
    )
    return False
