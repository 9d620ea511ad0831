"""Nested state as a flat table of arrays and a JSON text that says how they hang together.

In the JSON, lists, strings, whole numbers, finite floats, true, false and null stand for themselves;
everything else is an object with one key that says what it is:

    {"tensor": "model.weight"}      {"float": "nan"}      {"tuple": [...]}
    {"dict": [[key, value], ...]}   {"OrderedDict": [[key, value], ...]}
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tracer.reading import array_of
from ..tracer.size import Size
from ..tracer.tensor import Tensor, eager_tensor

Array = npt.NDArray[Any]

_PLAIN = (bool, int, str, type(None))
_TUPLES = (tuple, Size)
_DICTS: dict[str, type[dict[Any, Any]]] = {"dict": dict, "OrderedDict": OrderedDict}


def flatten(state: Any, reserved: frozenset[str]) -> tuple[dict[str, Array], str]:
    """The tensors in `state` by name (none of the reserved ones), and the JSON text.

    A tensor is called by the keys that lead to it, so a plain state dict keeps its keys.
    """
    flattening = _Flattening(reserved)
    encoded = flattening.encode(state, ())
    return flattening.arrays, json.dumps(encoded, separators=(",", ":"), allow_nan=False)


def unflatten(text: str, arrays: Mapping[str, Array]) -> Any:
    """The inverse; anything but a text that `flatten` made raises ValueError or KeyError."""
    return _decode(json.loads(text), arrays)


class _Flattening:
    def __init__(self, reserved: frozenset[str]) -> None:
        self.arrays: dict[str, Array] = {}
        self._reserved = reserved
        self._open: set[int] = set()

    def encode(self, value: Any, path: tuple[Any, ...]) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, Tensor):
            return {"tensor": self._store(value, path)}
        if kind in (list, *_TUPLES, *_DICTS.values()):
            return self._encode_container(value, path)
        raise TypeError(_refusal(value, path))

    def _encode_container(self, value: Any, path: tuple[Any, ...]) -> Any:
        if id(value) in self._open:
            raise ValueError(f"save: {_place(path)} contains itself, which has no end")
        self._open.add(id(value))
        if isinstance(value, dict):
            pairs = [[self._key(k, path), self.encode(v, (*path, k))] for k, v in value.items()]
            encoded: Any = {type(value).__name__: pairs}
        else:
            items = [self.encode(item, (*path, i)) for i, item in enumerate(value)]
            encoded = items if type(value) is list else {"tuple": items}
        self._open.remove(id(value))
        return encoded

    def _key(self, key: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(key, Tensor | list | dict):
            raise TypeError(f"save: {_place(path)} has a key of type {type(key).__name__}")
        return self.encode(key, (*path, key))

    def _store(self, tensor: Tensor, path: tuple[Any, ...]) -> str:
        wanted = name = ".".join(map(str, path)) or "tensor"
        count = 1
        while name in self.arrays or name in self._reserved:
            count += 1
            name = f"{wanted}#{count}"
        self.arrays[name] = np.asarray(array_of(tensor, "save()"))
        return name


def _decode(encoded: Any, arrays: Mapping[str, Array]) -> Any:
    if isinstance(encoded, list):
        return [_decode(item, arrays) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    [(kind, content)] = encoded.items()
    if kind == "tensor":
        return eager_tensor(arrays[content])
    if kind == "float":
        return float(content)
    if kind == "tuple":
        return tuple([_decode(item, arrays) for item in content])
    return _DICTS[kind]((_decode(k, arrays), _decode(v, arrays)) for k, v in content)


def _place(path: tuple[Any, ...]) -> str:
    return "the object" + "".join(f"[{key!r}]" for key in path)


def _refusal(value: Any, path: tuple[Any, ...]) -> str:
    what = f"save: {_place(path)} is of type {type(value).__name__}"
    if callable(getattr(value, "state_dict", None)):
        return f"{what}, which is code as well as state: save its .state_dict() instead"
    advice = {
        np.ndarray: "make it a tensor with from_numpy(...)",
        np.generic: "make it a Python number with .item()",
        dict: "make it a plain dict with dict(...)",
        tuple: "make it a plain tuple with tuple(...)",
    }
    hint = next((text for kind, text in advice.items() if isinstance(value, kind)), None)
    return (
        f"{what}. A checkpoint holds tensors, numbers, strings, None, and dicts, lists and tuples "
        f"of these" + (f"; {hint}" if hint else "")
    )
