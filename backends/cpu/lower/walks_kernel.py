"""The kernel of a body of one walk: a single op that walks, or a fused body of several and what is between them."""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Func
from ....ir.dtypes import DType
from ....ir.walk import Walk
from ..kernel import Kernel, canonical
from ..layout import Layout
from ..rows import Panel, Stage, row_kernel
from ..target import Target
from .walks_plan import Plan
from .walks_rooms import rooms
from .walks_scene import Body


def walking(
    body: Func, walk: Walk, layouts: Sequence[Layout], dtypes: Sequence[DType], target: Target
) -> Kernel:
    """Its buffers are the body's arguments and results; the layouts and types are theirs. A result may be the same
    memory as an argument of its type, if every reader of that sees it over the walk's own places.
    """
    plan = Plan(body, walk, layouts, dtypes)
    way = plan.geometry(target)
    kept = rooms(plan, way)
    numbers = {instr: number for number, instr in enumerate(kept, len(plan.views))}

    def program(panel: Panel) -> None:
        Body(plan, panel, numbers).run()

    stage = Stage(way.with_rooms(len(kept)), program, plan.sees, tuple(kept.values()))
    told = (canonical(body), walk, tuple(layouts), target.vector_bytes)
    return row_kernel(body.name, [stage], dtypes, identity=repr(told), complaint=plan.complaint())
