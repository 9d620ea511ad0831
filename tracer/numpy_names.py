"""Arguments by the names that NumPy has for them, which PyTorch takes as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
OURS = {"axis": "dim", "keepdims": "keepdim"}


def numpy_names(function: Callable[P, R]) -> Callable[P, R]:
    """Take `axis` for `dim`, `keepdims` for `keepdim`; leave out `out=None`, which NumPy's own functions pass on."""

    @wraps(function)
    def method(*args: Any, **named: Any) -> R:
        return function(*args, **(_renamed(function.__name__, named) if named else named))

    return method


def _renamed(function: str, named: dict[str, Any]) -> dict[str, Any]:
    for theirs, ours in OURS.items():
        if theirs in named:
            if ours in named:
                raise TypeError(
                    f"{function}() got both '{ours}' and '{theirs}', which are the same"
                )
            named[ours] = named.pop(theirs)
    if named.get("out", function) is None:
        del named["out"]
    return named
