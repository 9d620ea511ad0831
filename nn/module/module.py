"""`Module`: the base of all layers and models. What users subclass, and how it is called."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self

from ... import lazy
from ...tracer import is_tracing, name_state, reached
from ...tracer.autograd import clear_grad
from ...tracer.tensor import set_requires_grad
from .casting import Castable
from .hooks import Hook, Hooks, RemovableHandle, after, before
from .text import child_line, module_text

_notebook = lazy.module("tapeout.nn.notebook")


class _Calls(threading.local):
    """How deep this thread is in calls of modules during a trace."""

    depth = 0


_calls = _Calls()


class Module(Castable):
    """A layer or a model. Subclasses assign parameters and modules to attributes, and define `forward`."""

    training: bool
    _forward_pre_hooks: Hooks
    _forward_hooks: Hooks

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "training", True)
        object.__setattr__(self, "_forward_pre_hooks", OrderedDict())
        object.__setattr__(self, "_forward_hooks", OrderedDict())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What calling the module computes. Every subclass has its own."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function: define '
            f"forward(self, x) in {type(self).__name__}"
        )

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call_in_trace(args, kwargs) if is_tracing() else self._call(args, kwargs)

    def _call_in_trace(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The outermost module gives the trace names for the state that its program will reach."""
        if _calls.depth == 0:
            reached(self)
            name_state(self.named_state())
        _calls.depth += 1
        try:
            return self._call(args, kwargs)
        finally:
            _calls.depth -= 1

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        own = self.__dict__
        if "_forward_hooks" not in own:
            raise AttributeError(
                f"{type(self).__name__} is called before Module.__init__() call: "
                f"{type(self).__name__}.__init__() has to call super().__init__() first"
            )
        if own["_forward_pre_hooks"]:
            args, kwargs = before(self, self._forward_pre_hooks, args, kwargs)
        result = self.forward(*args, **kwargs)
        if own["_forward_hooks"]:
            result = after(self, self._forward_hooks, args, kwargs, result)
        return result

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` (or `(module, args, kwargs)`) before each forward; it may return new ones."""
        return RemovableHandle(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, result)` (or `(module, args, kwargs, result)`) after each forward; it may return
        another result."""
        return RemovableHandle(self._forward_hooks, Hook(hook, with_kwargs), prepend)

    # ---- modes

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training (or, `mode=False`, to evaluation)."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, not {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation: no dropout, batch normalisation by the running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Make all parameters ask for gradients, or stop asking."""
        for parameter in self.parameters():
            set_requires_grad(parameter, requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients, or (`set_to_none=False`) fill them with zeros."""
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module below this one, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # ---- printing

    def extra_repr(self) -> str:
        """The settings to print between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _child_lines(self) -> list[str]:
        return [child_line(name, repr(child)) for name, child in self._modules.items()]

    def __repr__(self) -> str:
        return module_text(self._get_name(), self.extra_repr(), self._child_lines())

    def _repr_html_(self) -> str:
        html: str = _notebook.module_html(self)
        return html
