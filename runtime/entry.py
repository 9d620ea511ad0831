"""Make a program callable from Python, at about the price of a C function.

A program is `void step(ptr* buffers, i64 part, i64 parts, ptr barrier)`. Its buffers are the data of the array
arguments of the call, in order, followed by the fixed arrays that it was made with (state, arena). What comes back:

* outputs that are arrays are either arguments (`Argument(..., writable=True)`), allocated by the caller, or made after
  the run by a `finish` callable without arguments (a copy out of the arena, for example), whose result is returned;
* one number is returned as a Python float, int or bool, read from the first element of `scalar`, a fixed array;
* otherwise the call returns None;
* where the run left a `failure` word that is not 0, a callable is called in place of all that, which raises.

The function made is a builtin: it checks each argument in place (exact type, dtype, shape, contiguous, aligned), and
passes whatever is not exact to `Slow`, which converts it or says what is wrong. With `unwrap` the arguments are objects
that hold arrays. With `guards`, pairs of words that must be equal, the fast way is open only while they are.

A program that is marked long releases Python's lock while it runs. Wherever Python may run before a call is over (long
programs, `finish`, `failure`, a `turn` that others take too), other calls wait for their turn. `finish` and `failure`
belong to the turn: a call of the program from there, or from what interrupts them, raises. A child that was forked
while another thread was inside waits forever.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .arguments import Argument, converted
from .array_layout import layout_is_known
from .assemble import assemble
from .builtin import builtin, python_functions
from .entry_arguments_ir import ARRAY_TYPE, NONE, required_symbol, type_symbol
from .entry_ir import (
    ENTRY,
    FAILED,
    FINISH,
    GUARDS,
    INVOKE,
    ON_FAILURE,
    ON_NESTED,
    OWNER,
    RESULT,
    STEP,
    TABLE,
    TURN,
    Returns,
    Shape,
    entry_ir,
)
from .loader import load
from .object_layout import Unwrap
from .pool import symbols
from .turn_ir import THREAD
from .turns import Turn

Array = np.ndarray[Any, Any]

_PYTHON = (
    "PyFloat_FromDouble",
    "PyLong_FromLongLong",
    "PyBool_FromLong",
    "PyObject_CallNoArgs",
    "PyObject_Vectorcall",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "Py_IncRef",
    "Py_DecRef",
    THREAD,
)
_SCALARS = {"f4": Returns.F32, "f8": Returns.F64, "i8": Returns.I64, "b1": Returns.BOOL}


@dataclass(frozen=True)
class Failure:
    """Where a program tells that it failed: the address of an int64 that is then not 0, and how many words there are.

    They are 0 when the program begins, whatever became of the run before. `report` raises.
    """

    word: int
    report: Callable[[], object]
    words: int = 1


@dataclass(frozen=True)
class _Plan:
    """What an entry is made of, apart from its code."""

    step: int
    table: Array
    turn: Turn
    on_nested: Callable[[], object]
    guards: Array
    thread: int | None
    scalar: Array | None
    finish: Callable[[], object] | None
    failure: Failure | None
    unwrap: Unwrap | None
    keep: list[object] = field(default_factory=list)


class Slow:
    """A program called the patient way: converts what can be converted, explains the rest.

    The fast entry has this object as its `__self__`, which keeps code and buffers alive. `other` is what calls go to
    that the fast entry does not take; without one they come here.
    """

    def __init__(
        self,
        name: str,
        arguments: tuple[Argument, ...],
        invoke: Any,
        other: Callable[..., Any] | None,
        keep: Sequence[object],
    ) -> None:
        self.name = name
        self.arguments = arguments
        self._invoke = invoke
        self._other = other
        self._keep = list(keep)

    def __call__(self, *given: object, **named: object) -> Any:
        if self._other is not None:
            return self._other(*given, **named)
        if named:
            raise TypeError(f"{self.name}() takes no keyword arguments")
        return self.run(*given)

    def run(self, *given: object) -> Any:
        """Run the program on arrays."""
        arrays = converted(self.name, self.arguments, given)
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
        return self._invoke(ctypes.addressof(pointers))

    def hold(self, thing: object) -> None:
        """Keep something alive as long as the program."""
        self._keep.append(thing)


def patient(entry: Callable[..., Any]) -> Callable[..., Any]:
    """The patient way into the program of an entry, past its `slow` callable: for that one to use, with arrays."""
    way: Slow = entry if isinstance(entry, Slow) else getattr(entry, "__self__")  # noqa: B009
    return way.run


def make_entry(
    name: str,
    step: int,
    arguments: Sequence[Argument],
    fixed: Sequence[Array],
    *,
    scalar: Array | None = None,
    finish: Callable[[], object] | None = None,
    failure: Failure | None = None,
    unwrap: Unwrap | None = None,
    slow: Callable[..., Any] | None = None,
    guards: Sequence[tuple[int, int]] = (),
    thread: int | None = None,
    turn: Turn | None = None,
    parts: int = 1,
    long: bool = False,
    keep: Sequence[object] = (),
) -> Callable[..., Any]:
    """The program at address `step` as a function of its arguments.

    `slow` is called, with the original arguments and any keyword arguments, where the fast way does not apply.
    `guards` are pairs of addresses of int64 words. `thread` is the address of an int64 which must be the number of the
    thread that calls (its `get_ident`), else the call goes to `slow`. `turn` is for all who share the program's memory.
    `keep` must outlive the program.
    """
    _check(name, fixed, scalar, finish, parts)
    _check_ways(
        name, slow, unwrap=unwrap is not None, guards=bool(guards), thread=thread is not None
    )
    own = turn or Turn()
    shape = Shape(
        tuple(arguments),
        _returns(scalar, finish),
        parts,
        releases_gil=long,
        takes_turn=long or any(part is not None for part in (finish, failure, turn)),
        unwrap=unwrap,
        guards=len(guards),
        of_thread=thread is not None,
        keywords=slow is not None,
        failure_words=failure.words if failure else 0,
    )
    plan = _Plan(
        step,
        _table(len(arguments), fixed),
        own,
        own.refuse,
        np.array([*guards, (0, 0)], np.uint64),
        thread,
        scalar,
        finish,
        failure,
        unwrap,
        [*fixed, *keep],
    )
    return _made(name, shape, plan, slow)


def _made(
    name: str, shape: Shape, plan: _Plan, other: Callable[..., Any] | None
) -> Callable[..., Any]:
    library = load([assemble(entry_ir(shape))], (ENTRY, INVOKE), _imports(plan))
    invoke = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p)(library.address(INVOKE))
    slow = Slow(name, shape.arguments, invoke, other, [library, plan])
    if not _layout_is_usable():
        return slow
    doc = f"{name}({', '.join(map(str, shape.arguments))})"
    function, definition = builtin(library.address(ENTRY), slow, name, doc, shape.keywords)
    slow.hold(definition)
    return function


def _table(first: int, fixed: Sequence[Array]) -> Array:
    table = np.zeros(max(1, first + len(fixed)), np.uint64)
    table[first : first + len(fixed)] = [array.ctypes.data for array in fixed]
    return table


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


def _check_ways(name: str, slow: Callable[..., Any] | None, **asked: bool) -> None:
    for what, given in asked.items():
        if given and slow is None:
            raise ValueError(
                f"{name}() has {what}, so it needs `slow`: a callable for the calls they turn away"
            )


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


def _imports(plan: _Plan) -> dict[str, int]:
    """What the entry's external symbols stand for; None's own address where nothing is used."""
    nothing = id(None)
    unwrap, failure = plan.unwrap, plan.failure
    types = unwrap.types if unwrap else ()
    required = [end for _, end in unwrap.require] if unwrap else []
    return {
        **python_functions(*_PYTHON),
        **symbols(),
        **{type_symbol(index): id(cls) for index, cls in enumerate(types)},
        **{required_symbol(index): id(end) for index, end in enumerate(required)},
        STEP: plan.step,
        TABLE: plan.table.ctypes.data,
        TURN: plan.turn.address,
        ON_NESTED: id(plan.on_nested),
        GUARDS: plan.guards.ctypes.data,
        OWNER: nothing if plan.thread is None else plan.thread,
        RESULT: nothing if plan.scalar is None else plan.scalar.ctypes.data,
        FINISH: id(plan.finish),
        FAILED: failure.word if failure else nothing,
        ON_FAILURE: id(failure.report) if failure else nothing,
        ARRAY_TYPE: id(np.ndarray),
        NONE: nothing,
    }


def _layout_is_usable() -> bool:
    if layout_is_known():
        return True
    warnings.warn(
        f"arrays of NumPy {np.__version__} are not laid out as compiled code expects; calls of "
        "programs take a slower path through ctypes (microseconds each). Results are the same",
        RuntimeWarning,
        stacklevel=4,
    )
    return False
