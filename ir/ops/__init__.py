"""The ops. Importing this package registers every one of them; each class is the one place that knows its op."""

from __future__ import annotations

from . import arithmetic as arithmetic
from . import combined as combined
from . import creation as creation
from . import extremes as extremes
from . import indexing as indexing
from . import logic as logic
from . import loss as loss
from . import products as products
from . import random as random
from . import reduction as reduction
from . import rounding as rounding
from . import rowwise as rowwise
from . import shaping as shaping
from . import slicing as slicing
from . import transcendental as transcendental
