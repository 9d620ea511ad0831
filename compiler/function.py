"""`tapeout.compile`: a function, traced and compiled when it is first called.

The rooms are listed in docs/compile.md.
"""

from __future__ import annotations

import functools
from typing import Any

from ..backends.named import backend as find
from ..backends.named import names
from ..nn import Module
from .step import ModuleStep, Step


def compile(
    fn: Any = None,
    *,
    backend: str = "cpu",
    threads: int | None = None,
    grads: bool | None = None,
    mode: str | None = None,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    disable: bool = False,
) -> Any:
    """A function (or module) that does what `fn` does, as a native program. Also a decorator.

    It compiles when it is called with arguments of a kind it has not seen: `step.compile(spec(...), ...)` does that
    ahead of time. `threads` is how many it may use. `grads=True` keeps gradients of parameters that it updates itself.
    `mode`, `fullgraph` and `dynamic` are PyTorch's hints, without effect here; `disable=True` returns `fn`.
    """
    if fn is None:
        return functools.partial(
            compile, backend=backend, threads=threads, grads=grads, disable=disable
        )
    if not callable(fn):
        raise TypeError(
            f"compile() takes a function or a module, not {type(fn).__name__} {fn!r}; options are given by name, as in "
            "compile(fn, backend='cpu')"
        )
    if threads is not None and (type(threads) is not int or threads < 1):
        raise ValueError(
            f"compile(): threads is an int of 1 or more, or None for all, not {threads!r}"
        )
    if isinstance(fn, Step):
        fn = fn.fn
    if disable:
        return fn
    if backend not in names():
        find(backend)
    kind = ModuleStep if isinstance(fn, Module) else Step
    return kind(fn, backend, threads, grads)
