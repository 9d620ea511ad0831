"""Backends: each turns a Func into something that runs.

A backend is an object with a name and a `compile` method; `BACKENDS` lists the ones there are. Every backend is held
against the reference one, which is the interpreter.
"""

from __future__ import annotations

from .base import BACKENDS as BACKENDS
from .base import Backend as Backend
from .base import Executable as Executable
from .base import register as register
from .reference import Reference as Reference

register(Reference())
