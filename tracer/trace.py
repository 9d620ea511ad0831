"""A trace being taken: ops become instructions, and tensors that the program reaches become named arguments."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from numpy.lib.array_utils import byte_bounds

from ..ir.builder import FuncBuilder
from ..ir.errors import IRError
from ..ir.func import Func
from ..ir.op import Op, infer
from ..ir.ops.shaping import Detach
from ..ir.types import TensorType
from ..ir.values import Const, Instr, Loc, Result, Value
from .changes import tracing
from .consumed import Consumed
from .eager import FREED, record, stale
from .errors import TraceError
from .location import blame, user_loc
from .modes import modes
from .tensor import Tensor, wrap
from .var import Storage, Var


class Slot:
    """A tensor from outside the trace: the argument that stands for it, its value now, its gradient now."""

    __slots__ = ("arg", "current", "tensor")

    def __init__(self, tensor: Tensor, arg: Var) -> None:
        self.tensor = tensor
        self.arg = arg
        self.current = arg

    def up_to_date(self) -> Tensor:
        """The tensor; one that mirrors something else (a generator's state) is brought up to date first."""
        if self.tensor._refresh is not None:
            self.tensor._refresh()
        return self.tensor


class Trace(FuncBuilder):
    """The builder that appends to a Func, and the overlay that keeps the outside world unchanged meanwhile."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.storage = Storage()
        self.slots: dict[int, Slot] = {}
        self.grads: dict[int, tuple[Tensor, Tensor | None]] = {}
        self.names: dict[int, tuple[Tensor, str]] = {}
        self.seen_grads: dict[int, tuple[Tensor, Tensor | Consumed | None]] = {}
        """Tensors from outside whose `.grad` was read before the program set it, and what it was."""
        self.reached: dict[int, Any] = {}
        """Modules and optimizers that took part."""
        self.cut: set[Value] = set()
        """Values computed without recording from ones that need gradients: no gradient may pass them."""

    # ---- instructions

    def emit(self, op: Op, operands: Sequence[Value], name: str = "") -> Var:
        for operand in operands:
            self.check(operand)
        (type,) = self.infer(op, operands)
        var = Var(type, None, self.storage, name)
        if modes.grad and any(map(_needs_grad, operands)):
            record(var, op, operands)
        self.body.append(
            Instr(op, self.stopped(var, op, operands), (var,), user_loc(), self.origin)
        )
        return var

    def emit_many(self, op: Op, operands: Sequence[Value]) -> list[Var]:
        """An op of several results, through which no gradient flows."""
        results = [Var(t, None, self.storage) for t in self.infer(op, operands)]
        self.body.append(Instr(op, tuple(operands), tuple(results), user_loc(), self.origin))
        return results

    def locs(self) -> dict[Value, Loc | None]:
        """The line that each value comes from."""
        return {r: i.loc for i in self.body for r in i.results}

    def infer(self, op: Op, operands: Sequence[Value]) -> tuple[TensorType, ...]:
        try:
            return infer(op, tuple(o.type for o in operands))
        except IRError as error:
            raise blame(error) from None

    def check(self, operand: Value) -> None:
        if isinstance(operand, Const):
            return
        assert isinstance(operand, Var)
        if operand.storage is FREED:
            raise stale(operand)
        if operand.storage is not self.storage:
            raise blame(foreign(operand))

    def stopped(self, var: Var, op: Op, operands: Sequence[Value]) -> tuple[Value, ...]:
        """The operands, behind a `detach` where the program said that no gradient flows but the IR cannot know."""
        if var.needs_grad:
            return tuple(self.detached(o) if o in self.cut else o for o in operands)
        if op.differentiable and any(o in self.cut or _needs_grad(o) for o in operands):
            self.cut.add(var)
        return tuple(operands)

    def detached(self, value: Value) -> Value:
        var = Var(value.type, None, self.storage, value.name)
        self.body.append(Instr(Detach(), (value,), (var,), user_loc(), self.origin))
        return var

    def input(self, name: str, type: TensorType) -> Var:
        """A new argument."""
        var = Var(type, None, self.storage, re.sub(r"[^\w.]", "_", name, flags=re.ASCII))
        self.args.append(var)
        return var

    # ---- tensors from outside

    def read(self, tensor: Tensor) -> Var:
        """The current value of a tensor that is no view."""
        var = tensor._var
        if var.array is None:
            if var.storage is not self.storage:
                raise blame(foreign(var))
            return var
        return self.slot(tensor).current

    def write(self, tensor: Tensor, var: Var) -> None:
        if tensor._var.array is None:
            tensor._var = var
        else:
            self.slot(tensor).current = var

    def slot(self, tensor: Tensor) -> Slot:
        if id(tensor) not in self.slots:
            self.slots[id(tensor)] = Slot(tensor, self.capture(tensor))
        return self.slots[id(tensor)]

    def capture(self, tensor: Tensor) -> Var:
        """Make a tensor from outside an argument."""
        outside = tensor._var
        if outside.op is not None:
            raise blame(
                TraceError(
                    f"the traced program reaches a tensor {outside.type} that was computed outside with gradient "
                    "history; detach() it, or pass it as an argument"
                )
            )
        arg = self.input(self.name_of(tensor), outside.type)
        if outside.needs_grad:
            arg.needs_grad, arg.leaf = True, weakref.ref(tensor)
        return arg

    def announce(self, named: Iterable[tuple[str, Tensor]]) -> None:
        """Names for tensors that the program may reach; the first name that a tensor gets stays."""
        for name, tensor in named:
            self.names.setdefault(id(tensor), (tensor, name))

    def name_of(self, tensor: Tensor) -> str:
        return self.names[id(tensor)][1] if id(tensor) in self.names else "state"

    # ---- gradients of tensors from outside

    def grad_of(self, tensor: Tensor) -> Tensor | None:
        if id(tensor) in self.grads:
            return self.grads[id(tensor)][1]
        found = tensor._grad
        if tensor._var.array is not None:
            self.seen_grads.setdefault(id(tensor), (tensor, found))
        if isinstance(found, Consumed):
            return wrap(
                Var(tensor._var.type, None, found)
            )  # to be held and replaced, not to be used
        if found is not None:
            self.announce([(f"{self.name_of(tensor)}.grad", found)])
        return found

    def set_grad(self, tensor: Tensor, grad: Tensor | None) -> None:
        self.grads[id(tensor)] = (tensor, grad)

    # ---- the end

    def state(self) -> list[Slot]:
        return list(self.slots.values())

    def close(self, outputs: Sequence[Value]) -> Func:
        """The finished Func: the outputs, then the new value of each tensor that was written to."""
        refuse_overlaps(self.state())
        results = [Result(self.detached(o) if o in self.cut else o) for o in outputs]
        for slot in self.state():
            if slot.current is not slot.arg:
                slot.current.name = slot.current.name or f"{slot.arg.name}.new"
                results.append(Result(slot.current, slot.arg))
        return self.finish(results)


def refuse_overlaps(slots: list[Slot]) -> None:
    """Two pieces of state in the same memory would part in the program, if one of them is written to."""
    spans = [(*byte_bounds(a), s) for s in slots if (a := s.tensor._var.array) is not None]
    spans.sort(key=lambda span: span[:2])
    for (_, end, first), (start, _, second) in pairwise(spans):
        written = any(s.current is not s.arg for s in (first, second))
        if start < end and written:
            raise TraceError(
                f"%{first.arg.name} and %{second.arg.name} are two tensors in the same memory, and the traced program "
                "writes to one of them, which the other would not see; let the program reach that memory through one "
                "tensor and views of it"
            )


def _needs_grad(value: Value) -> bool:
    return isinstance(value, Var) and value.needs_grad


def foreign(var: Var) -> Exception:
    """What is wrong with a value that is not this trace's own."""
    if isinstance(var.storage, Consumed):
        return var.storage.error()
    return TraceError(
        "this tensor belongs to another trace or to eager execution; a traced program may only use tensors that it "
        "made itself, its arguments, and tensors that exist outside"
    )


@contextmanager
def taking(trace: Trace) -> Iterator[Trace]:
    """Operations go to this trace for a while."""
    saved, modes.trace = modes.trace, trace
    tracing(1)
    try:
        yield trace
    finally:
        tracing(-1)
        modes.trace = saved


def reached(thing: Any) -> None:
    """Tell the trace being taken, if there is one, that this module or optimizer takes part."""
    if modes.trace is not None:
        modes.trace.reached[id(thing)] = thing


def name_state(named: Iterable[tuple[str, Tensor]]) -> None:
    """Tell the trace being taken, if there is one, what to call these tensors."""
    if modes.trace is not None:
        modes.trace.announce(named)


def known_name(tensor: Tensor) -> str | None:
    """What the trace being taken calls a tensor."""
    trace = modes.trace
    if trace is None or id(tensor) not in trace.names:
        return None
    return trace.names[id(tensor)][1]
