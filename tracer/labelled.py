"""Tensors whose graph node has a name of its own choosing."""

from __future__ import annotations

from typing import Any

from .reading import read
from .tensor import Tensor, wrap
from .var import Var


def labelled(value: Any, label: str | None) -> Tensor:
    """A Tensor for a value, printed as made by `label` (None leaves the op's own name)."""
    assert isinstance(value, Var)
    if label and value.op is not None:
        value.label = label
    return wrap(value)


def relabelled(tensor: Tensor, label: str) -> Tensor:
    """The same tensor, printed as made by `label`."""
    var = read(tensor)
    if var.op is not None:
        var.label = label
    return tensor
