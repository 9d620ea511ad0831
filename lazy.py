"""Imports that wait until they are needed, for what is slow to import and seldom used.

A *page* is a module that only re-exports. `page` makes the functions by which Python asks a module for a name that it
does not have (PEP 562), so some of its names can be fetched when they are first asked for:

    if TYPE_CHECKING:
        from .checkpoint import load as load
    else:
        __getattr__, __dir__ = page(__name__, {"load": ".checkpoint"})

A room that needs a slow module in one function only says `difflib = module("difflib")`.

Any floor may import this room, because it imports nothing of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def page(
    name: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of the page `name`: the module (relative to it) where each late name is at home.

    A name whose home ends in it (`{"data": ".data"}`) is that module itself.
    """
    namespace = vars(sys.modules[name])

    def find(wanted: str) -> Any:
        if wanted not in homes:
            raise AttributeError(f"module {name!r} has no attribute {wanted!r}")
        home = import_module(homes[wanted], name)
        is_home = homes[wanted].rpartition(".")[2] == wanted
        found = namespace[wanted] = home if is_home else getattr(home, wanted)
        return found

    return find, lambda: sorted(namespace.keys() | homes.keys())


class module:
    """Stands for the module of that name, which is imported when something of it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        found = getattr(import_module(self._name), wanted)
        setattr(self, wanted, found)
        return found
