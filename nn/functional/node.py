"""How a function's result names the node that made it, and how it is written in place."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.inplace import assign
from ...tracer.pointwise import labelled
from ...tracer.reading import read
from ...tracer.shaping import clone


def named(result: Tensor, node: str, input: Tensor, inplace: bool = False) -> Tensor:
    """A result that prints as `node` made it; `inplace`, it is written into the input."""
    named = labelled(read(result), f"{node}Backward0")
    return assign(input, named) if inplace else named


def kept(input: Tensor, inplace: bool) -> Tensor:
    """The input as gradients will need it, even after it is overwritten."""
    return clone(input) if inplace else input
