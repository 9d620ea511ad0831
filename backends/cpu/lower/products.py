"""Matrix products: through the generator, with whatever follows built in; integers by plain loops."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ....ir import Func, Instr, Result, Value
from ....ir.op import make
from ....ir.ops.products import Linear, MatMul
from ....ir.ops.shaping import Reshape
from ..gemm import Body, Epilogue, Operand, Product, Store, gemm_kernel
from ..gemm.product import ITEMSIZES
from ..kernel import Kernel
from ..layout import Layout, Shape, broadcast, viewed
from ..space import share, unflattened
from .rule import Job, Repeat, Tail, Task, at, lowers, numba_ready
from .scalar import ORDER_FREE


def generated(instr: Instr) -> bool:
    """Does the generator know the element type?"""
    return instr.result.type.dtype.name in ITEMSIZES


@lowers(MatMul, tails=generated, wide=True)
def matmul(job: Job) -> Task:
    a, b, *_ = job.layouts
    batch = job.result.static_shape[:-2]
    left = stretched(turned(a) if job.op.transpose_a else a, batch)
    right = stretched(turned(b) if job.op.transpose_b else b, batch)
    return multiplied(job, left, right, job.tail)


@lowers(Linear, tails=generated, wide=True)
def linear(job: Job) -> Task:
    x, weight, *bias = job.layouts[: job.operands]
    right = turned(weight)
    if len(x.shape) == 1:
        x = Layout((1, *x.shape), (0, *x.strides), x.offset)
    right = stretched(right, x.shape[:-2])
    return multiplied(job, x, right, with_bias(job) if bias else job.tail)


def turned(layout: Layout) -> Layout:
    """The last two dimensions exchanged."""
    *lead, rows, columns = layout.shape
    *far, down, across = layout.strides
    return Layout((*lead, columns, rows), (*far, across, down), layout.offset)


def stretched(layout: Layout, batch: Shape) -> Layout:
    """Leading dimensions stretched to a batch's."""
    have, strides = layout.shape[:-2], layout.strides[:-2]
    spread = [0 if n == 1 else s for n, s in zip(have, strides, strict=True)]
    lead = (0,) * (len(batch) - len(have)) + tuple(spread)
    return Layout((*batch, *layout.shape[-2:]), (*lead, *layout.strides[-2:]), layout.offset)


def with_bias(job: Job) -> Tail:
    """The tail, after the addition of the third operand."""
    type, bias = job.result, Value(job.types[2], "bias")
    product = Value(type, "product")
    total = Value(type, "total")
    steps = [Instr(make("add", {}), (product, bias), (total,))]
    if job.tail is None:
        return Tail(Func("linear", (product, bias), tuple(steps), (Result(total),)), 0)
    body, hole = job.tail.body, job.tail.hole
    became = {body.args[hole]: total}
    for step in body.body:
        operands = tuple(became.get(o, o) for o in step.operands)
        steps.append(Instr(step.op, operands, step.results, step.loc))
    others = [a for n, a in enumerate(body.args) if n != hole]
    results = tuple(Result(became.get(r.value, r.value)) for r in body.results)
    return Tail(Func(body.name, (product, bias, *others), tuple(steps), results), 0)


@dataclass(frozen=True)
class Matrices:
    """A product and the layouts of all that it touches, as matrices: the batch folded into rows, or repeated over."""

    left: Layout
    right: Layout
    others: tuple[Layout, ...]
    """Of the tail's inputs and of the results."""

    @property
    def batch(self) -> Shape:
        return self.left.shape[:-2]

    def folded(self) -> Matrices | None:
        """The batch's rows as one matrix's, where everything lies so that it can be seen that way."""
        m, k = math.prod(self.left.shape[:-1]), self.left.shape[-1]
        n = self.right.shape[-1]
        if any(s for s, size in zip(self.right.strides[:-2], self.batch, strict=True) if size != 1):
            return None
        left = viewed(Reshape((m, k)), self.left)
        others = [viewed(Reshape((m, n)), layout) for layout in self.others]
        if left is None or None in others:
            return None
        right = Layout((k, n), self.right.strides[-2:], self.right.offset)
        return Matrices(left, right, tuple(o for o in others if o))


def multiplied(job: Job, left: Layout, right: Layout, tail: Tail | None) -> Task:
    """The kernel, or as many calls of it as the batch has."""
    if job.result.dtype.name not in ITEMSIZES:
        return Task(_summed(job, left, right))
    shape = (*left.shape[:-1], right.shape[-1])
    results = len(tail.body.results) if tail else 1
    others = [broadcast(layout, shape) for layout in job.layouts[2:]]
    whole = Matrices(left, right, tuple(others))
    parts = (whole.folded() if whole.batch else whole) or whole
    product = Product(
        parts.left.shape[-2],
        parts.right.shape[-1],
        parts.left.shape[-1],
        operand(parts.left),
        operand(parts.right),
        job.result.dtype.name,
    )
    kernel = gemm_kernel(product, epilogue(job, tail, parts.others, results), job.target, job.name)
    every = (parts.left, parts.right, *parts.others)
    return Task(
        kernel,
        tuple(layout.offset for layout in every),
        Repeat(parts.batch, tuple(layout.strides[:-2] for layout in every)),
    )


def operand(layout: Layout) -> Operand:
    """How a matrix's rows and columns lie."""
    return Operand(*layout.strides[-2:])


def epilogue(job: Job, tail: Tail | None, others: tuple[Layout, ...], results: int) -> Epilogue:
    if tail is None:
        (out,) = others
        rows, columns = out.strides[-2:]
        return Store(rows, columns, job.result.dtype.name)
    inputs: list[Operand | None] = [operand(layout) for layout in others[:-results]]
    inputs.insert(tail.hole, None)
    return Body(tail.body, tuple(inputs), tuple(operand(o) for o in others[-results:]))


def _summed(job: Job, left: Layout, right: Layout) -> Kernel:
    """Integers: one sum of products per element of the result."""
    numba_ready(job)
    out = broadcast(job.layouts[-1], (*left.shape[:-1], right.shape[-1]))
    names = [f"i{d}" for d in range(len(out.shape))]
    *lead, row, column = names
    plus = f" + x2[{at(broadcast(job.layouts[2], out.shape), *names)}]" if job.operands == 3 else ""
    lines = [
        f"for i in {share(math.prod(out.shape))}:",
        *("    " + line for line in unflattened("i", out.shape, names)),
        f"    acc = as_{job.result.dtype.name}(0)",
        f"    for k in range({left.shape[-1]}):",
        f"        acc += x0[{at(left, *lead, row, 'k')}] * x1[{at(right, *lead, 'k', column)}]",
        f"    x{job.operands}[{at(out, *names)}] = acc{plus}",
    ]
    return job.kernel(lines, fastmath=ORDER_FREE)
