"""What a module holds: assigning a parameter, a buffer or a module to an attribute registers it."""

from __future__ import annotations

from typing import Any

from ...tracer import Tensor, changed, is_tracing
from ...tracer.inplace import copy_
from ..parameter import Buffer, Parameter

TABLES = {"_parameters": "parameter", "_buffers": "buffer", "_modules": "module"}


class Attributes:
    """The three tables of a module (parameters, buffers, submodules), reached as if they were attributes."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _transient: set[str]
    """The names of the buffers that are not part of state_dict()."""

    def __init__(self) -> None:
        for table in TABLES:
            object.__setattr__(self, table, {})
        object.__setattr__(self, "_transient", set())

    # ---- registering by name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name."""
        self._check_name(name, "_parameters", "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_kind(param)}' object to parameter '{name}' (torch.nn.Parameter or None required); "
                "wrap the tensor: nn.Parameter(tensor)"
            )
        self._parameters[name] = param
        changed()

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained; None reserves the name."""
        self._check_name(name, "_buffers", "buffer")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_kind(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)
        changed()

    def add_module(self, name: str, module: Any) -> None:
        """Add a submodule; None reserves the name."""
        if module is not None and not isinstance(module, Attributes):
            raise TypeError(f"{_kind(module)} is not a Module subclass")
        self._check_name(name, "_modules", "module")
        self._modules[name] = module
        changed()

    register_module = add_module

    def _check_name(self, name: Any, table: str, what: str) -> None:
        held = self._table(table, what)
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_kind(name)}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if name not in held and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def _table(self, table: str, what: str) -> dict[str, Any]:
        """One of the tables, or the error that the module is not set up yet."""
        found: dict[str, Any] | None = self.__dict__.get(table)
        if found is None:
            raise AttributeError(
                f"cannot assign {what} before Module.__init__() call: "
                f"{type(self).__name__}.__init__() has to call super().__init__() first"
            )
        return found

    # ---- attributes

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._table("_parameters", "parameters")
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Attributes):
            self._table("_modules", "module")
            self._forget(name, keep="_modules")
            self.add_module(name, value)
        elif isinstance(value, Buffer) and name not in self._table("_buffers", "buffer"):
            self._forget(name, keep="_buffers")
            self.register_buffer(name, value, value.persistent)
        else:
            self._set_other(name, value)

    def _set_other(self, name: str, value: Any) -> None:
        held = self.__dict__
        changed()
        if name in held.get("_parameters", ()):
            _refuse(value, "parameter", name, "torch.nn.Parameter or None")
            self._parameters[name] = None
        elif name in held.get("_modules", ()):
            _refuse(value, "child module", name, "torch.nn.Module or None")
            self._modules[name] = None
        elif name in held.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _set_buffer(self, name: str, value: Any) -> None:
        """A buffer replaced; in a trace it is a piece of the program's state, so it is written to instead."""
        if not isinstance(value, Tensor):
            _refuse(value, "buffer", name, "torch.nn.Buffer, torch.Tensor or None")
        before = self._buffers[name]
        if is_tracing() and before is not None and value is not None:
            copy_(before, value)
        else:
            self._buffers[name] = value

    def _forget(self, name: str, keep: str = "") -> None:
        """Remove a name from wherever it stands, but for one table."""
        changed()
        self.__dict__.pop(name, None)
        for table in TABLES:
            if table != keep:
                self.__dict__[table].pop(name, None)
        self._transient.discard(name)

    def __getattr__(self, name: str) -> Any:
        for table in TABLES:
            held = self.__dict__.get(table)
            if held is not None and name in held:
                return held[name]
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        raise AttributeError(message, name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        if any(name in self.__dict__.get(table, ()) for table in TABLES):
            self._forget(name)
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        held = [name for table in TABLES for name in self.__dict__.get(table, ())]
        return sorted({*super().__dir__(), *held})


def _kind(value: Any) -> str:
    return str(value.type()) if isinstance(value, Tensor) else type(value).__name__


def _refuse(value: Any, what: str, name: str, expected: str) -> None:
    """Only None may take the place of something registered without being of its kind."""
    if value is not None:
        hint = "; assign to its .data or use copy_() under no_grad()" if what == "parameter" else ""
        raise TypeError(
            f"cannot assign '{_kind(value)}' as {what} '{name}' ({expected} expected){hint}"
        )
