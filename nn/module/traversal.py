"""Walking a module: its children, all modules below it, their parameters and buffers, and finding one by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...tracer import Tensor
from ..parameter import Parameter
from .attributes import Attributes

if TYPE_CHECKING:
    from .module import Module


class Traversal(Attributes):
    """Iterates over a tree of modules. What is shared (a module, a tensor) comes up once, by its first name."""

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        return (child for _, child in self.named_children())

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module (by the name `prefix`) and all below it, with their paths."""
        seen = set() if memo is None else memo
        if remove_duplicate:
            if self in seen:
                return
            seen.add(self)
        yield prefix, self  # type: ignore[misc]
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(seen, joined(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their paths."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that a program running this module may read or change: parameters, then buffers."""
        yield from self.named_parameters()
        yield from self.named_buffers()

    def _named(
        self, table: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        found: Any = [(prefix, self)]
        if recurse:
            found = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in found:
            for name, tensor in module.__dict__[table].items():
                if tensor is None or (remove_duplicate and id(tensor) in seen):
                    continue
                seen.add(id(tensor))
                yield joined(path, name), tensor

    # ---- by path

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as "encoder.0"; "" is this one."""
        found: Any = self
        for part in target.split(".") if target else ():
            if not hasattr(found, part):
                raise AttributeError(
                    _absent(found, part, target, [n for n, _ in found.named_children()])
                )
            found = getattr(found, part)
            if not isinstance(found, Traversal):
                raise AttributeError(
                    f"`{part}` is not an nn.Module but a {type(found).__name__}: '{target}'"
                )
        return found  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "fc1.weight"."""
        found = self._tensor_at(target, "_parameters")
        if not isinstance(found, Parameter):
            raise AttributeError(
                f"`{target.rpartition('.')[2]}` is not an nn.Parameter: '{target}'"
            )
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as "bn.running_mean"."""
        path, _, name = target.rpartition(".")
        found = self._tensor_at(target, "_buffers")
        if name not in self.get_submodule(path)._buffers or not isinstance(found, Tensor):
            raise AttributeError(f"`{name}` is not a buffer: '{target}'")
        return found

    def _tensor_at(self, target: str, table: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(_absent(owner, name, target, list(owner.__dict__[table])))
        return getattr(owner, name)


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _absent(owner: Any, name: str, target: str, there: list[str]) -> str:
    listed = ", ".join(f"`{n}`" for n in there) or "nothing of the kind"
    return f"{type(owner).__name__} has no attribute `{name}` (looking for '{target}'); it has {listed}"
