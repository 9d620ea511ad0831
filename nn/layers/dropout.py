"""Dropout as a layer."""

from __future__ import annotations

from ...tracer import Tensor
from .. import functional as F
from ..functional.dropout import check_probability
from ..module import Module


class Dropout(Module):
    """In training, zeroes each element with probability p and scales the others by 1/(1-p)."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(p)
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
