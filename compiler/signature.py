"""What distinguishes one call of a compiled function from another: types of tensors, values of everything else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ..ir.types import TensorType
from ..tracer.location import blame, type_shown
from ..tracer.program import Spec
from ..tracer.reading import read
from ..tracer.tensor import Tensor


class Like(tuple[TensorType, bool, bool]):
    """A tensor in a signature: its type, whether it asks for gradients, whether it is a leaf."""

    __slots__ = ()


def signature(args: Sequence[Any], named: Mapping[str, Any], tensors: list[Any]) -> Hashable:
    """The signature of a call. The tensors among its arguments are collected, in order."""
    listed = tuple(_one(a, tensors, f"argument {i}") for i, a in enumerate(args))
    return listed, tuple((k, _one(v, tensors, f"argument '{k}'")) for k, v in named.items())


def _one(nested: Any, tensors: list[Any], name: str) -> Hashable:
    if isinstance(nested, Tensor):
        tensors.append(nested)
        var = read(nested)
        return Like((var.type, var.needs_grad, var.op is None))
    if isinstance(nested, Spec):
        tensors.append(nested)
        return Like((_sized(nested), False, True))
    if isinstance(nested, (tuple, list)):
        parts = (_one(n, tensors, f"{name}[{i}]") for i, n in enumerate(nested))
        return (type(nested), *parts)
    if isinstance(nested, dict):
        items = ((k, _one(v, tensors, f"{name}[{k!r}]")) for k, v in nested.items())
        return (type(nested), *items)
    return _value(nested, name)


def is_flat(found: Any) -> bool:
    """Are the arguments plain tensors, none of which asks for gradients?"""
    args, named = found
    return not named and all(isinstance(a, Like) and not a[1] for a in args)


def _sized(spec: Spec) -> TensorType:
    if not spec.type.is_static:
        raise blame(
            ValueError(
                f"a program is compiled for sizes, and {spec.type} has a dimension with a name; give each dimension "
                "a number (each new size compiles once more)"
            )
        )
    return spec.type


def _value(value: Any, name: str) -> Hashable:
    """A fixed value: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    try:
        hash(value)
    except TypeError:
        hint = "from_numpy(array)" if type_shown(value) == "numpy.ndarray" else "a tensor"
        raise blame(
            TypeError(
                f"{name} of a compiled function is {type_shown(value)}, which cannot be told from another of its kind "
                f"because it is not hashable; pass {hint}, or a tuple, list or dict of tensors, numbers and strings"
            )
        ) from None
    return (type(value), value.hex() if isinstance(value, float) else value)


def shown(found: Any) -> str:
    """A signature as a warning lists it: `(f32[64,784], i64[64], k=2)`."""
    args, named = found
    return f"({', '.join([*map(_shown, args), *(f'{k}={_shown(v)}' for k, v in named)])})"


def _shown(found: Hashable) -> str:
    if isinstance(found, Like):
        return repr(found[0])
    if not isinstance(found, tuple):
        return repr(found)
    kind, *parts = found
    if isinstance(kind, type) and issubclass(kind, dict):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in parts) + "}"
    if isinstance(kind, type) and issubclass(kind, (tuple, list)):
        return f"({', '.join(map(_shown, parts))})"
    return repr(float.fromhex(str(parts[0])) if kind is float else parts[0])
