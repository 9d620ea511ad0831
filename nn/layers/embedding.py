"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

from ...ir.dtypes import DType
from ...tracer import Tensor, no_grad
from ...tracer.creation import empty
from ...tracer.inplace import zero_
from ...tracer.shaping import select
from .. import functional as F
from .. import init
from ..functional.linear import padding_row
from ..module import Module
from ..parameter import Parameter


class Embedding(Module):
    """Rows of a weight [num_embeddings, embedding_dim]. The row `padding_idx` begins as zeros and is not trained."""

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_row(padding_idx, num_embeddings)
        self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
        self.reset_parameters()

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None
    ) -> Embedding:
        """An embedding with given vectors, which stay as they are unless `freeze=False`."""
        if embeddings.ndim != 2:
            raise AssertionError(
                f"Embeddings parameter is expected to be 2-dimensional, not {list(embeddings.shape)}"
            )
        made = cls.__new__(cls)
        Module.__init__(made)
        made.num_embeddings, made.embedding_dim = embeddings.shape
        made.padding_idx = (
            None if padding_idx is None else padding_row(padding_idx, len(embeddings))
        )
        made.weight = Parameter(embeddings, requires_grad=not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw new vectors of normal numbers."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                zero_(select(self.weight, 0, self.padding_idx))

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
