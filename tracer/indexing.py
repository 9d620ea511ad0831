"""Indexing, and functions that pick by index tensors, gathered: this page only re-exports."""

from __future__ import annotations

from .counting import bincount as bincount
from .counting import nonzero as nonzero
from .counting import unique as unique
from .picking import embedding as embedding
from .picking import gather as gather
from .picking import index_add as index_add
from .picking import index_copy as index_copy
from .picking import index_fill as index_fill
from .picking import index_select as index_select
from .picking import masked_select as masked_select
from .picking import one_hot as one_hot
from .picking import scatter as scatter
from .picking import scatter_add as scatter_add
from .picking import take as take
from .picking import take_along_dim as take_along_dim
from .subscript import fitted as fitted
from .subscript import getitem as getitem
from .subscript import place as place
from .subscript import setitem as setitem
