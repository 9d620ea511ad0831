"""The front end's core: tensors, their functions, gradients, and traces of programs that use them.

This page re-exports what the other floors build on; what programs find under `torch.` is in the package's root.
"""

from __future__ import annotations

from . import methods as methods
from .autograd import backward as backward
from .autograd import grad as grad
from .changes import changed as changed
from .errors import TraceError as TraceError
from .modes import is_tracing as is_tracing
from .modes import no_grad as no_grad
from .modes import outside_trace as outside_trace
from .program import Spec as Spec
from .program import Traced as Traced
from .program import spec as spec
from .program import trace as trace
from .program import trace_program as trace_program
from .size import Size as Size
from .tensor import Tensor as Tensor
from .trace import known_name as known_name
from .trace import name_state as name_state
from .trace import reached as reached

methods.install()
