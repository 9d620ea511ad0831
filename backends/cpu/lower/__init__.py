"""From ops to kernels. Each room here knows one family of ops; `RULES` is what they know together."""

from __future__ import annotations

from . import draws as draws
from . import draws_multinomial as draws_multinomial
from . import draws_normal as draws_normal
from . import draws_permutation as draws_permutation
from . import joining as joining
from . import loss as loss
from . import picking as picking
from . import products as products
from . import reductions as reductions
from . import rowwise as rowwise
from . import walks_places as walks_places
from .rule import RULES as RULES
from .rule import Job as Job
from .rule import Repeat as Repeat
from .rule import Tail as Tail
from .rule import Task as Task
from .rule import has_tails as has_tails
from .rule import is_wide as is_wide
from .rule import rule_for as rule_for
from .walks_kernel import walking as walking
