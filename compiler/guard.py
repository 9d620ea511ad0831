"""Is everything that a program was traced with still as it was?

A word tells at once when nothing of the kind has changed anywhere (`tracer/changes.py`). When it has moved, what this
program reached is walked: training flags and settings of modules, which parameters they have, the structure of
optimizers, types of tensors, gradients that were there or not.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from ..nn import Module
from ..tracer.changes import STRUCTURE, Word
from ..tracer.consumed import Consumed
from ..tracer.promotion import get_default_dtype
from ..tracer.tensor import Tensor

PLAIN = {bool, int, float, str, type(None)}


class Guard:
    """What a program depends on besides its arguments."""

    def __init__(
        self, things: Iterable[Any], tensors: Iterable[Tensor], graded: Iterable[Tensor]
    ) -> None:
        self.things = [inspect.unwrap(thing) for thing in things]
        self.tensors = list(tensors)
        self.graded = list(graded)
        self.word = Word(STRUCTURE.cell[0])
        """The number of the last change after which all was as it had been."""
        self.taken = self._now()

    def holds(self) -> bool:
        """Is all as it was?"""
        number = STRUCTURE.cell[0]
        if self.word.cell[0] == number:
            return True
        if self._now() != self.taken:
            return False
        self.word.cell[0] = number
        return True

    def _now(self) -> Hashable:
        return (
            get_default_dtype(),
            *[_structure(thing) for thing in self.things],
            *[_kind(tensor) for tensor in self.tensors],
            *[_gradient(tensor) for tensor in self.graded],
        )


def _structure(thing: Any) -> Hashable:
    if isinstance(thing, Module):
        return tuple(part for module in thing.modules() for part in _module(module))
    found: Hashable = thing.structure()
    return found


def _module(module: Module) -> Iterator[Hashable]:
    """A module's identity, its settings, its tensors, its hooks."""
    yield id(module)
    for name, value in module.__dict__.items():
        if type(value) in PLAIN:
            yield name, type(value), value
    for table in (module._parameters, module._buffers):
        yield tuple((name, id(tensor)) for name, tensor in table.items())
    yield (*module._forward_pre_hooks, None, *module._forward_hooks)


def _kind(tensor: Tensor) -> Hashable:
    var = tensor._var
    return var.type, var.needs_grad, var.op is None


def _gradient(tensor: Tensor) -> Hashable:
    found = tensor._grad
    if found is None or isinstance(found, Consumed):
        return found is None
    return _kind(found)
