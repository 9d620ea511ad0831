"""Nested inputs and results: tensors out of tuples, lists and dicts, and back in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .tensor import Tensor


def flatten(nested: Any, found: list[Tensor], fixed: bool = False) -> Any:
    """Collect the tensors of a nested value; returns it with their numbers in their places.

    What is neither a tensor nor a container is refused, unless `fixed` values are welcome.
    """
    if isinstance(nested, Tensor):
        found.append(nested)
        return len(found) - 1
    if isinstance(nested, (list, tuple)):
        return rebuilt(nested, [flatten(n, found, fixed) for n in nested])
    if isinstance(nested, dict):
        return {k: flatten(n, found, fixed) for k, n in nested.items()}
    if nested is None or fixed:
        return None
    raise TypeError(
        "a traced function returns tensors, or tuples, lists and dicts of them, "
        f"not {type(nested).__name__} {nested!r}; what is no tensor is computed once, when the function is "
        "traced, and not in each call: keep it outside"
    )


def rebuilt(like: Any, parts: list[Any]) -> Any:
    """A list or a tuple (one with names stays one) of other parts."""
    if hasattr(like, "_fields"):
        return type(like)(*parts)
    return parts if isinstance(like, list) else tuple(parts)


def unflatten(structure: Any, tensors: Sequence[Tensor]) -> Any:
    """The nested value again, with tensors for their numbers."""
    if isinstance(structure, int):
        return tensors[structure]
    if isinstance(structure, (list, tuple)):
        return rebuilt(structure, [unflatten(s, tensors) for s in structure])
    if isinstance(structure, dict):
        return {k: unflatten(s, tensors) for k, s in structure.items()}
    return None
