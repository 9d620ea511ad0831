"""Macro-instructions: calls in a kernel's Python whose code is LLVM IR that we emit ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import intrinsic

Emitter = Callable[[Any, list[Any]], None]


def number(name: str, emit: Callable[[Any, list[Any]], Any]) -> Any:
    """A macro-instruction that gives an integer."""

    def generate(context: Any, builder: Any, signature: Any, packed: Any) -> Any:
        count = len(signature.args[0])
        return emit(builder, [builder.extract_value(packed[0], i) for i in range(count)])

    def typed(typing_context: Any, *arguments: Any) -> Any:
        return types.intp(types.StarArgTuple(arguments)), generate

    typed.__name__ = name
    return intrinsic(typed)


def macro(name: str, emit: Emitter) -> Any:
    """A macro-instruction called `name`; `emit(builder, arguments)` makes its code."""

    def generate(context: Any, builder: Any, signature: Any, packed: Any) -> Any:
        count = len(signature.args[0])
        emit(builder, [builder.extract_value(packed[0], i) for i in range(count)])
        return context.get_dummy_value()

    def typed(typing_context: Any, *arguments: Any) -> Any:
        return types.void(types.StarArgTuple(arguments)), generate

    typed.__name__ = name
    return intrinsic(typed)
