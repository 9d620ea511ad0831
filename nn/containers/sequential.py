"""`Sequential`: modules one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ..module import Module
from .numbered import Numbered


class Sequential(Numbered):
    """Each module is called with the result of the one before. Made from modules, or from a dict of named ones."""

    def __init__(self, *args: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Mapping):
            named: Iterable[tuple[str, Any]] = args[0].items()
        else:
            named = ((str(number), module) for number, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def _make(self, modules: Iterable[tuple[str, Module]]) -> Self:
        return type(self)(dict(modules))

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input
