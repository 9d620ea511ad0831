"""Functions that make tensors, gathered: this page only re-exports."""

from __future__ import annotations

from .filled import asked_sizes as asked_sizes
from .filled import empty as empty
from .filled import empty_like as empty_like
from .filled import full as full
from .filled import full_like as full_like
from .filled import ones as ones
from .filled import ones_like as ones_like
from .filled import sizes as sizes
from .filled import zeros as zeros
from .filled import zeros_like as zeros_like
from .from_data import as_tensor as as_tensor
from .from_data import from_numpy as from_numpy
from .from_data import tensor as tensor
from .legacy import BoolTensor as BoolTensor
from .legacy import DoubleTensor as DoubleTensor
from .legacy import FloatTensor as FloatTensor
from .legacy import IntTensor as IntTensor
from .legacy import LongTensor as LongTensor
from .legacy import initialize as initialize
from .ranges import arange as arange
from .ranges import eye as eye
from .ranges import linspace as linspace
