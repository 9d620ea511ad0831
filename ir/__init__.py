"""The intermediate representation: types, ops, programs, their text, and what can be done with them.

>>> from tapeout import ir
>>> func = ir.parse("func f(%x: f32[3]) {\\n  %y: f32[3] = mul(%x, 2.0)\\n  return %y\\n}")
>>> ir.run(ir.verify(func), [1, 2, 3])
[array([2., 4., 6.], dtype=float32)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import lazy
from . import dtypes as dtypes
from . import ops as ops
from .builder import Builder as Builder
from .builder import FuncBuilder as FuncBuilder
from .errors import DimError as DimError
from .errors import DTypeError as DTypeError
from .errors import IRError as IRError
from .errors import ParseError as ParseError
from .errors import ShapeError as ShapeError
from .errors import VerifyError as VerifyError
from .func import Func as Func
from .fused import Fused as Fused
from .interpreter import run as run
from .op import OPS as OPS
from .op import Op as Op
from .op import op as op
from .text.printer import print_func as print_func
from .types import TensorType as TensorType
from .values import Const as Const
from .values import Instr as Instr
from .values import Loc as Loc
from .values import Result as Result
from .values import Value as Value
from .verifier import verify as verify

if TYPE_CHECKING:
    from .pipeline import run_passes as run_passes
    from .text.parser import parse as parse
else:
    # What only compilers and readers of text need.
    __getattr__, __dir__ = lazy.page(__name__, {"parse": ".text.parser", "run_passes": ".pipeline"})
