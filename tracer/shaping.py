"""Functions that move elements, gathered: this page only re-exports."""

from __future__ import annotations

from .copying import clone as clone
from .copying import detach as detach
from .joining import cat as cat
from .joining import concat as concat
from .joining import concatenate as concatenate
from .joining import diag as diag
from .joining import flip as flip
from .joining import hstack as hstack
from .joining import meshgrid as meshgrid
from .joining import repeat as repeat
from .joining import repeat_interleave as repeat_interleave
from .joining import roll as roll
from .joining import stack as stack
from .joining import tile as tile
from .joining import tril as tril
from .joining import triu as triu
from .joining import vstack as vstack
from .permuting import matrix_transpose as matrix_transpose
from .permuting import moveaxis as moveaxis
from .permuting import movedim as movedim
from .permuting import permute as permute
from .permuting import reversed_dims as reversed_dims
from .permuting import swapaxes as swapaxes
from .permuting import swapdims as swapdims
from .permuting import t as t
from .permuting import transpose as transpose
from .reshaping import broadcast_to as broadcast_to
from .reshaping import expand as expand
from .reshaping import expand_as as expand_as
from .reshaping import flatten as flatten
from .reshaping import reshape as reshape
from .reshaping import squeeze as squeeze
from .reshaping import unflatten as unflatten
from .reshaping import unsqueeze as unsqueeze
from .reshaping import view_as_shape as view_as_shape
from .slicing import chunk as chunk
from .slicing import diagonal as diagonal
from .slicing import narrow as narrow
from .slicing import select as select
from .slicing import sliced as sliced
from .slicing import split as split
from .slicing import unbind as unbind
