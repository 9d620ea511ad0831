"""What is going on in this thread: is gradient history recorded, and is a trace being taken?"""

from __future__ import annotations

import contextvars
import functools
import inspect
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .changes import recording

if TYPE_CHECKING:
    from .trace import Trace

Function = TypeVar("Function", bound=Callable[..., Any])


def _quiet_context() -> contextvars.Context:
    """A context in which NumPy is silent about overflow and NaN, as PyTorch is. Entering it costs almost nothing."""
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    return context


class _Thread:
    """A thread that is alive. Its number may be another's afterwards, which begins with history recorded."""

    def __init__(self) -> None:
        self.number = threading.get_ident()

    def __del__(self, is_over: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_over():
            recording(self.number, True)


class _Modes(threading.local):
    grad: bool
    inference: bool
    trace: Trace | None

    def __init__(self) -> None:
        self.grad, self.inference, self.trace = True, False, None
        self.quiet = _quiet_context()
        self.thread = _Thread()


modes = _Modes()


def _switch(settings: dict[str, Any]) -> None:
    """Every `with no_grad():` comes here twice, so it works on this thread's dict at once."""
    state = modes.__dict__
    before = state["grad"]
    state.update(settings)
    if state["grad"] is not before:
        recording(state["thread"].number, state["grad"])


class _Mode:
    """A context manager that also decorates: sets mode attributes, and puts them back."""

    settings: dict[str, Any]

    def __init__(self) -> None:
        self.saved: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        self.saved.append(modes.__dict__.copy())
        _switch(self.settings)

    def __exit__(self, *exc: object) -> None:
        _switch(self.saved.pop())

    def __call__(self, function: Function) -> Function:
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)  # type: ignore[no-any-return]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self).__copy__(self):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]

    def _around_generator(self, function: Any) -> Any:
        """The mode holds while the generator runs, and not while it waits."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            running, sent = function(*args, **kwargs), None
            while True:
                try:
                    with self.__copy__():
                        given = running.send(sent)
                except StopIteration as done:
                    return done.value
                sent = yield given

        return wrapped

    def __copy__(self) -> _Mode:
        new = object.__new__(type(self))
        new.settings, new.saved = self.settings, []
        return new


class no_grad(_Mode):
    """Record no gradient history: `with no_grad():`, or `@no_grad()` on a function."""

    settings = {"grad": False}

    def __new__(cls, function: Any = None) -> Any:
        made = object.__new__(cls)
        made.saved = []
        return made if function is None else made(function)

    def __init__(self, function: Any = None) -> None:
        """All is done."""


class enable_grad(no_grad):
    """Record gradient history, even inside `no_grad`."""

    settings = {"grad": True}


class inference_mode(_Mode):
    """As `no_grad`; `inference_mode(False)` changes nothing."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.settings = {"grad": False, "inference": True} if mode else {}


class set_grad_enabled(_Mode):
    """Switch recording on or off: at once when called, for a block when used with `with`."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.settings = {"grad": mode}
        self.before = modes.grad
        _switch(self.settings)

    def __enter__(self) -> None:
        self.saved.append({"grad": self.before})
        _switch(self.settings)


class outside_trace(_Mode):
    """Compute now, even while a trace is being taken: for state that is made once and then reached by the trace."""

    settings = {"trace": None}


def is_grad_enabled() -> bool:
    return modes.grad


def is_inference_mode_enabled() -> bool:
    return modes.inference


def is_tracing() -> bool:
    return modes.trace is not None
