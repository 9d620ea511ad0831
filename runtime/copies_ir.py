"""Copying Python objects slot by slot, as LLVM IR: a function without arguments that returns a new object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COPY = "tapeout_copy"
COUNTED = "tapeout_counted"
PYTHON = ("PyType_GenericNew", "PyObject_CallNoArgs", "Py_IncRef", "Py_DecRef")


@dataclass(frozen=True)
class Copied:
    """An object of the pattern: where its slots are that are taken over, and which get a copy or a callable's result.

    `copies` and `calls` are pairs of an offset and a number, of another `Copied` or of a callable.
    """

    taken_over: tuple[int, ...]
    copies: tuple[tuple[int, int], ...]
    calls: tuple[tuple[int, int], ...]


def class_symbol(number: int) -> str:
    return f"tapeout_class_{number}"


def pattern_symbol(number: int) -> str:
    return f"tapeout_pattern_{number}"


def call_symbol(number: int) -> str:
    return f"tapeout_call_{number}"


def copies_ir(pattern: Sequence[Copied]) -> str:
    """The module. Object 0 is the one returned; each other is in a slot of one before it."""
    calls = [number for copied in pattern for _, number in copied.calls]
    lines = [
        *(f"@{class_symbol(i)} = external global i8" for i in range(len(pattern))),
        *(f"@{pattern_symbol(i)} = external global i8" for i in range(len(pattern))),
        *(f"@{call_symbol(number)} = external global i8" for number in calls),
        _DECLARATIONS,
        f"define ptr @{COPY}(ptr %self, ptr %args, i64 %count) {{",
        f"  %old = load i64, ptr @{COUNTED}",
        "  %new = add i64 %old, 1",
        f"  store i64 %new, ptr @{COUNTED}",
        *_made(0),
        "  br i1 %bad0, label %nothing, label %begin",
        "begin:",
    ]
    for number, copied in enumerate(pattern):
        lines += _filled(number, copied)
    return "\n".join([*lines, _END])


_DECLARATIONS = f"""
@{COUNTED} = external global i64
declare ptr @PyType_GenericNew(ptr, ptr, ptr)
declare ptr @PyObject_CallNoArgs(ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
"""

# What was made before something failed hangs off the first object.
_END = """  ret ptr %o0
failed:
  call void @Py_DecRef(ptr %o0)
  br label %nothing
nothing:
  ret ptr null
}
"""


def _made(number: int) -> list[str]:
    return [
        f"  %o{number} = call ptr @PyType_GenericNew(ptr @{class_symbol(number)}, ptr null, ptr null)",
        f"  %bad{number} = icmp eq ptr %o{number}, null",
    ]


def _filled(number: int, copied: Copied) -> list[str]:
    """An object's slots. A slot of the pattern may be empty, which `Py_IncRef` knows."""
    lines = []
    for offset in copied.taken_over:
        name = f"%from{number}.{offset}"
        lines += [
            f"{name}.p = getelementptr i8, ptr @{pattern_symbol(number)}, i64 {offset}",
            f"{name} = load ptr, ptr {name}.p",
            f"call void @Py_IncRef(ptr {name})",
            *_stored(name, number, offset),
        ]
    for offset, other in copied.copies:
        lines += [*_made(other), *_or_failed(f"o{other}"), *_stored(f"%o{other}", number, offset)]
    for offset, call in copied.calls:
        lines += [
            f"%c{call} = call ptr @PyObject_CallNoArgs(ptr @{call_symbol(call)})",
            f"%bad.c{call} = icmp eq ptr %c{call}, null",
            *_or_failed(f"c{call}"),
            *_stored(f"%c{call}", number, offset),
        ]
    return lines


def _stored(value: str, number: int, offset: int) -> list[str]:
    place = f"%to{number}.{offset}"
    return [
        f"{place} = getelementptr i8, ptr %o{number}, i64 {offset}",
        f"store ptr {value}, ptr {place}",
    ]


def _or_failed(value: str) -> list[str]:
    bad = f"bad{value[1:]}" if value.startswith("o") else f"bad.{value}"
    return [f"br i1 %{bad}, label %failed, label %has.{value}", f"has.{value}:"]
