"""What `Sequential` and `ModuleList` share: submodules numbered from 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, Self, overload

from ...tracer import changed
from ..module import Module
from ..module.text import repeated_lines


class Numbered(Module):
    """Modules by number, as in a list."""

    def _make(self, modules: Iterable[tuple[str, Module]]) -> Self:
        """The same kind of container with some of the modules (for slices)."""
        raise NotImplementedError

    def _key(self, place: Any) -> str:
        """The name of the module at a place, which may count from the end."""
        number, count = index(place), len(self)
        if not -count <= number < count:
            raise IndexError(
                f"index {number} is out of range: the {type(self).__name__} has {count} modules"
            )
        return list(self._modules)[number]

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self._make(list(self._modules.items())[place])
        return self._modules[self._key(place)]

    def __setitem__(self, place: int, module: Module) -> None:
        setattr(self, self._key(place), module)

    def __delitem__(self, place: int | slice) -> None:
        names = list(self._modules)
        for name in names[place] if isinstance(place, slice) else [self._key(place)]:
            delattr(self, name)
        self._renumber(list(self._modules.items()))

    def _renumber(self, modules: list[tuple[str, Module]]) -> None:
        """Names that are numbers follow the order again; other names stay."""
        changed()
        self.__dict__["_modules"] = {
            str(n) if name.isdigit() else name: module for n, (name, module) in enumerate(modules)
        }

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __contains__(self, module: object) -> bool:
        return any(module is m for m in self)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, place: int, module: Module) -> Self:
        """Add a module before the one at a place."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}, not {type(module).__name__}")
        items: list[tuple[str, Any]] = list(self._modules.items())
        items.insert(place, (str(len(items)), module))
        self._renumber(items)
        return self

    def pop(self, place: int) -> Any:
        """Remove a module and return it."""
        module = self[place]
        del self[place]
        return module

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, modules: Iterable[Module]) -> Self:
        both = [*self, *modules]
        return self._make((str(n), m) for n, m in enumerate(both))


class ModuleList(Numbered):
    """A list whose modules are registered. It has no forward of its own."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _make(self, modules: Iterable[tuple[str, Module]]) -> Self:
        return type(self)(module for _, module in modules)

    def _child_lines(self) -> list[str]:
        return repeated_lines(map(repr, self))
