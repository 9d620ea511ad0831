"""The passes. Each is `Func -> Func` with a name, and leaves a Func that verifies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..func import Func
from .cse import cse as cse
from .dce import dce as dce
from .fuse import fuse as fuse
from .grad import grad as grad
from .simplify import simplify as simplify
from .undetach import undetach as undetach


class Pass(NamedTuple):
    """A named step of a pipeline."""

    name: str
    apply: Callable[[Func], Func]
    summary: str

    def __call__(self, func: Func) -> Func:
        return self.apply(func)


PASSES = {
    p.name: p
    for p in (
        Pass("grad", grad, "append the gradient of the first result for every argument"),
        Pass("undetach", undetach, "drop detach, once no more gradients will be taken"),
        Pass("simplify", simplify, "algebra, constant folding, reshape and transpose cancellation"),
        Pass("cse", cse, "compute each pure thing once"),
        Pass("dce", dce, "drop what nobody reads"),
        Pass("fuse", fuse, "join producers with the elementwise ops that alone consume them"),
    )
}
