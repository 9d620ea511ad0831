"""Hooks: functions that are called before or after a module's forward."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from ...tracer import changed

_number = count().__next__


class Hook(NamedTuple):
    """A hook as it was registered."""

    function: Callable[..., Any]
    with_kwargs: bool


Hooks = OrderedDict[int, Hook]


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away, and so does the end of `with handle:`."""

    def __init__(self, hooks: Hooks, hook: Hook, prepend: bool) -> None:
        self.id = _number()
        self._hooks = weakref.ref(hooks)
        hooks[self.id] = hook
        changed()
        if prepend:
            hooks.move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Never call the hook again."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)
            changed()

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def before(module: Any, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The arguments after the forward pre-hooks: what a hook returns replaces them."""
    for hook in list(hooks.values()):
        if hook.with_kwargs:
            found = hook.function(module, args, kwargs)
            if found is not None:
                args, kwargs = _both(found)
        else:
            found = hook.function(module, args)
            if found is not None:
                args = found if isinstance(found, tuple) else (found,)
    return args, kwargs


def _both(found: Any) -> Arguments:
    if not isinstance(found, tuple) or len(found) != 2:
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {found}."
        )
    return found


def after(
    module: Any, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Any:
    """The result after the forward hooks: what a hook returns replaces it."""
    for hook in list(hooks.values()):
        given = (args, kwargs) if hook.with_kwargs else (args,)
        found = hook.function(module, *given, result)
        if found is not None:
            result = found
    return result
