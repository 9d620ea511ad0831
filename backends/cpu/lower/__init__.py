"""From ops to kernels. Each room here knows one family of ops; `RULES` is what they know together."""

from __future__ import annotations

from . import joining as joining
from . import picking as picking
from . import products as products
from . import reductions as reductions
from . import rowwise as rowwise
from .rule import RULES as RULES
from .rule import Job as Job
from .rule import rule_for as rule_for
