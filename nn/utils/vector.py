"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ...tracer import Tensor, no_grad
from ...tracer.inplace import copy_
from ...tracer.location import blame
from ...tracer.shaping import cat, narrow, reshape


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters, one after the other."""
    return cat([reshape(p, -1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy a vector's elements into the parameters, one after the other."""
    listed = list(parameters)
    count = sum(p.shape.numel() for p in listed)
    if tuple(vec.shape) != (count,):
        raise blame(
            RuntimeError(
                f"the parameters have {count} elements in all, but the vector has shape {list(vec.shape)}"
            )
        )
    start = 0
    with no_grad():
        for parameter in listed:
            size = parameter.shape.numel()
            copy_(parameter, reshape(narrow(vec, 0, start, size), *parameter.shape))
            start += size
