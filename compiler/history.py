"""Gradients through a compiled function, for a caller who goes backward outside it.

Each result carries an instruction of the eager tape. Its gradient rule is a compiled program too, which computes the
forward again: the tape that the trace left is walked into it when a gradient is first asked for. Where a graph of the
gradient is wanted, that program is run op by op, and recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..backends.bound import bind
from ..ir.builder import Builder
from ..ir.func import Func
from ..ir.interpreter import evaluate
from ..ir.op import Op, Thunk
from ..ir.types import TensorType
from ..ir.values import Const, Instr, Result, Value
from ..tracer.autograd import grad
from ..tracer.eager import read_array
from ..tracer.modes import modes
from ..tracer.program import Recording
from ..tracer.tensor import wrap
from ..tracer.trace import taking
from ..tracer.var import Array, Var, concrete
from .build import Options, executable


class Compiled(Op):
    """One result of a compiled program, of the program's arguments. Not registered: each one is its own op."""

    def __init__(self, made: Recording, output: Var, options: Options) -> None:
        self.name = f"compiled_{made.trace.name}"  # type: ignore[misc]
        self.made = made
        self.output = output
        self.options = options
        self.args = list(made.trace.args)

    def infer(self, *types: TensorType) -> TensorType:
        return self.output.type

    def ref(self, *arrays: Array) -> Array:
        trace = self.made.trace
        forward = Func(trace.name, tuple(self.args), tuple(trace.body), (Result(self.output),))
        return evaluate(forward, arrays)[0]

    def attrs(self) -> dict[str, Any]:
        return {}

    def vjp(self, b: Builder, g: Value, out: Value, *operands: Value) -> Sequence[Thunk | None]:
        found: list[Value] = []

        def share(place: int) -> Value:
            if not found:
                found.extend(self._gradients(b, (*operands, g)))
            return found[place]

        places = {arg: i for i, arg in enumerate(self.reached)}
        return [partial(share, places[arg]) if arg in places else None for arg in self.args]

    def _gradients(self, b: Builder, values: Sequence[Value]) -> list[Value]:
        if modes.grad:
            return _replayed(b, self.backward, values)
        arrays = [_contiguous(_array(v)) for v in values]
        return [concrete(array) for array in self._bound.run(arrays)]

    # ---- the gradient as a program

    @cached_property
    def backward(self) -> Func:
        """The gradients for the arguments that are reached, of the arguments and the result's gradient."""
        return self._derived[0]

    @property
    def reached(self) -> list[Value]:
        """The arguments for which there is a gradient."""
        return self._derived[1]

    @cached_property
    def _derived(self) -> tuple[Func, list[Value]]:
        trace = self.made.trace
        mark = len(trace.body)
        wanted = [a for a in self.args if isinstance(a, Var) and a.needs_grad]
        with taking(trace):
            try:
                seed = wrap(trace.input("grad", self.output.type))
                targets = [wrap(a) for a in wanted]
                found = grad(wrap(self.output), targets, seed, True, allow_unused=True)
                pairs = [(a, g._var) for a, g in zip(wanted, found, strict=True) if g is not None]
                func = trace.finish([Result(value) for _, value in pairs])
            finally:
                del trace.body[mark:], trace.args[len(self.args) :]
        return func, [arg for arg, _ in pairs]

    @cached_property
    def _bound(self) -> Any:
        made = executable(self.backward, self.options.backend)
        return bind(made, self.backward, [], self.options.threads)


def _replayed(b: Builder, func: Func, values: Sequence[Value]) -> list[Value]:
    """A program done op by op by a builder."""
    known: dict[Value, Value] = dict(zip(func.args, values, strict=True))
    for instr in func.body:
        operands = [o if isinstance(o, Const) else known[o] for o in instr.operands]
        if len(instr.results) == 1:
            known[instr.result] = b.emit(instr.op, operands)
        else:
            known.update(_drawn(instr, operands))
    return [known[r.value] for r in func.results]


def _drawn(instr: Instr, operands: Sequence[Any]) -> dict[Value, Value]:
    """An instruction of several results. No gradient flows through one."""
    arrays = [_array(o) for o in operands]
    found = instr.op.ref(*arrays)
    return {r: concrete(np.asarray(a)) for r, a in zip(instr.results, found, strict=True)}


def _array(value: Value) -> Array:
    if isinstance(value, Const):
        return value.array
    assert isinstance(value, Var)
    return read_array(value)


def _contiguous(array: Array) -> Array:
    return array if array.flags.c_contiguous else array.copy(order="C")
