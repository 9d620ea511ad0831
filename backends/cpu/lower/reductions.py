"""Sums, products, extrema, truth: one loop over what stays, inside it loops over what goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ....ir.ops import reduction as rd
from ..kernel import Kernel
from ..space import share, unflattened
from .rule import Job, at, lowers, numba_ready

ORDER_FREE = frozenset({"contract", "reassoc"})


@dataclass(frozen=True)
class Fold:
    """How elements `v` go into an accumulator `acc`, and what becomes of it; T is the element type."""

    start: str
    step: str
    finish: str = "acc"


FOLDS = {
    rd.Sum: Fold("T(0)", "acc += v"),
    rd.Mean: Fold("T(0)", "acc += v", "acc / T({count})"),
    rd.Prod: Fold("T(1)", "acc *= v"),
    rd.All: Fold("T(1)", "acc = T(acc & v)"),
    rd.Any_: Fold("T(0)", "acc = T(acc | v)"),
    rd.AMax: Fold("{first}", "acc = v if v > acc or v != v else acc"),
    rd.AMin: Fold("{first}", "acc = v if v < acc or v != v else acc"),
}


class Dims:
    """A reduction's loops: over kept dimensions as one flat index, over reduced ones nested."""

    def __init__(self, job: Job, dims: tuple[int, ...]) -> None:
        self.shape = job.layouts[0].shape
        self.dims = dims
        self.kept = [d for d in range(len(self.shape)) if d not in dims]
        self.names = {d: f"{'r' if d in dims else 'i'}{d}" for d in range(len(self.shape))}
        self.layout = job.layouts[0]
        self.count = math.prod(self.shape[d] for d in dims)

    def outer(self, body: list[str]) -> list[str]:
        """The loop over results; `i` is the flat place of the result."""
        sizes = tuple(self.shape[d] for d in self.kept)
        cut = unflattened("i", sizes, [self.names[d] for d in self.kept])
        return [f"for i in {share(math.prod(sizes))}:", *("    " + line for line in [*cut, *body])]

    def inner(self, body: list[str]) -> list[str]:
        """The loops over the reduced dimensions."""
        lines: list[str] = []
        for depth, d in enumerate(self.dims):
            lines.append("    " * depth + f"for {self.names[d]} in range({self.shape[d]}):")
        return [*lines, *("    " * len(self.dims) + line for line in body)]

    @property
    def element(self) -> str:
        return f"x0[{at(self.layout, *(self.names[d] for d in range(len(self.shape))))}]"

    @property
    def first(self) -> str:
        names = ("0" if d in self.dims else self.names[d] for d in range(len(self.shape)))
        return f"x0[{at(self.layout, *names)}]"


@lowers(*FOLDS)
def fold(job: Job) -> Kernel:
    numba_ready(job)
    rule, dims = FOLDS[type(job.op)], Dims(job, job.op.dims)
    scalar = f"as_{job.dtypes[0].name}"

    def filled(text: str) -> str:
        return text.replace("T(", f"{scalar}(").format(count=dims.count, first=dims.first)

    body = [
        f"acc = {filled(rule.start)}",
        *dims.inner([f"v = {dims.element}", filled(rule.step)]),
        f"x1[i] = {filled(rule.finish)}",
    ]
    return job.kernel(dims.outer(body), fastmath=ORDER_FREE)


@lowers(rd.LogSumExp)
def logsumexp(job: Job) -> Kernel:
    numba_ready(job)
    dims, scalar = Dims(job, job.op.dims), f"as_{job.dtypes[0].name}"
    body = [
        f"top = {scalar}(-math.inf)",
        *dims.inner([f"v = {dims.element}", "top = v if v > top or v != v else top"]),
        f"top = top if abs(top) < math.inf or top != top else {scalar}(0)",
        f"acc = {scalar}(0)",
        *dims.inner([f"acc += math.exp({dims.element} - top)"]),
        "x1[i] = math.log(acc) + top",
    ]
    return job.kernel(dims.outer(body), math=math)


@lowers(rd.ArgMax, rd.ArgMin)
def position(job: Job) -> Kernel:
    numba_ready(job)
    dims, sign = Dims(job, (job.op.dim,)), ">" if isinstance(job.op, rd.ArgMax) else "<"
    here = dims.names[job.op.dim]
    body = [
        f"best, place = {dims.first}, 0",
        *dims.inner(
            [
                f"v = {dims.element}",
                f"if best == best and (v {sign} best or v != v):",
                f"    best, place = v, {here}",
            ]
        ),
        "x1[i] = place",
    ]
    return job.kernel(dims.outer(body))
