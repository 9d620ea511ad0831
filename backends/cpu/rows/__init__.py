"""Kernels that go over rows or columns of elements: folds along them, and results written back to them.

`geometry` decides how a kernel walks, `panel` emits the walk, `folds` says how elements are put together, and
`kernel` makes the kernel from a program: a function that emits what is done with one panel.
"""

from __future__ import annotations

from .folds import ALL as ALL
from .folds import ANY as ANY
from .folds import LARGEST as LARGEST
from .folds import PRODUCT as PRODUCT
from .folds import SMALLEST as SMALLEST
from .folds import SUM as SUM
from .folds import TOP as TOP
from .folds import Fold as Fold
from .geometry import Geometry as Geometry
from .geometry import geometry as geometry
from .kernel import Program as Program
from .kernel import Stage as Stage
from .kernel import row_kernel as row_kernel
from .panel import Panel as Panel
from .place import Place as Place
from .walk import State as State
