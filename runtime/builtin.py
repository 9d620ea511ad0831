"""Make a builtin function of Python from the address of compiled code."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_FASTCALL, _KEYWORDS = 0x80, 0x02


class _MethodDef(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


def builtin(
    code: int, owner: Any, name: str, doc: str, keywords: bool
) -> tuple[Callable[..., Any], object]:
    """The code at an address as a function whose `__self__` is `owner`, and what must live as long as it does.

    The code is called with the owner, the arguments' address and their number, and with the names of the keyword
    arguments if it takes any.
    """
    flags = _FASTCALL | _KEYWORDS * keywords
    definition = _MethodDef(name.encode(), code, flags, doc.encode())
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.c_void_p]
    return make(ctypes.byref(definition), owner, None), definition


def python_functions(*names: str) -> dict[str, int]:
    """Where functions of Python's C interface lie, by name."""
    return {name: _address(getattr(ctypes.pythonapi, name)) for name in names}


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0
