"""Linear maps, and rows picked by number."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.indexing import embedding as rows_of
from ...tracer.indexing import one_hot as one_hot
from ...tracer.location import blame
from ...tracer.pointwise import eq, labelled, where
from ...tracer.products import linear as linear
from ...tracer.reading import read
from ...tracer.shaping import detach, unsqueeze


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Rows of the weight, picked by an index tensor; no gradient goes to the row `padding_idx`."""
    rows = rows_of(input, weight)
    if padding_idx is None:
        return rows
    padded = eq(input, padding_row(padding_idx, weight.shape[0]))
    kept = where(unsqueeze(padded, -1), detach(rows), rows)
    return labelled(read(kept), "EmbeddingBackward0")


def padding_row(padding_idx: int, rows: int) -> int:
    """The number of the padding row, counted from the front."""
    if not -rows <= padding_idx < rows:
        raise blame(
            AssertionError(
                f"Padding_idx must be within num_embeddings: {padding_idx} is not, for {rows} rows"
            )
        )
    return padding_idx % rows
