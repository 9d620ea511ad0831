"""What a traced function leaves behind, as a plan: what it returns, which gradients and arguments it sets.

Making a plan decides what the program has to return besides what the function does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..ir.values import Const, Value
from ..tracer.consumed import Consumed
from ..tracer.errors import TraceError
from ..tracer.program import Recording
from ..tracer.reading import read
from ..tracer.tensor import Tensor
from ..tracer.var import Var


class Given(NamedTuple):
    """A tensor among the arguments of the call."""

    place: int


class Made(NamedTuple):
    """A result of the program."""

    place: int


Source = Given | Made | Tensor
"""Where a tensor comes from that is there after the call; a Tensor is one from outside."""


@dataclass
class Plan:
    """What is to be done after the program ran."""

    results: list[Value] = field(default_factory=list)
    """What the program returns."""
    returned: list[Source] = field(default_factory=list)
    written: list[tuple[int, int]] = field(default_factory=list)
    """Arguments that are overwritten, each by a result."""
    grads: list[tuple[Tensor | Given, Source | Consumed | None]] = field(default_factory=list)
    """The gradients that are left: whose, and what."""
    history: set[int] = field(default_factory=set)
    """The results through which gradients flow back after the call."""

    def made(self, value: Value) -> Made:
        """A result for a value, the one there is or one more."""
        if value not in self.results:
            self.results.append(value)
        return Made(self.results.index(value))


def plan(made: Recording, grads: bool | None) -> Plan:
    """The plan of a recording, in whose trace operations still go."""
    found = Plan()
    places = {id(tensor): Given(i) for i, tensor in enumerate(made.stand_ins)}
    found.returned = [_source(found, made, places, tensor) for tensor in made.returned]
    for i, (tensor, arg) in enumerate(zip(made.stand_ins, made.inputs, strict=True)):
        if read(tensor) is not arg:
            found.written.append((i, found.made(read(tensor)).place))
    found.grads = list(_gradients(found, made, places, grads))
    found.history = {r.place for r in found.returned if _has_history(found, r)}
    return found


def _source(found: Plan, made: Recording, places: dict[int, Given], tensor: Tensor) -> Source:
    if id(tensor) in places:
        return places[id(tensor)]
    outside = tensor._base is None and tensor._var.array is not None
    return tensor if outside else found.made(read(tensor))


def _has_history(found: Plan, source: Source) -> bool:
    """Does a gradient flow to what it was computed from? Not where the function went backward already."""
    if not isinstance(source, Made):
        return False
    var = found.results[source.place]
    return isinstance(var, Var) and var.needs_grad and var.op is not None and not var.freed


def _gradients(
    found: Plan, made: Recording, places: dict[int, Given], keep: bool | None
) -> Iterator[tuple[Tensor | Given, Source | Consumed | None]]:
    for tensor, grad in made.trace.grads.values():
        owner = places.get(id(tensor), tensor)
        if isinstance(owner, Tensor) and owner._var.array is None:
            continue  # a tensor of the program's own
        if grad is None or id(grad) in made.trace.slots:
            yield owner, grad
        elif _is_consumed(made, tensor, grad, keep):
            yield owner, Consumed(made.trace.name, _name(made, tensor))
        else:
            yield owner, found.made(read(grad))


def _is_consumed(made: Recording, tensor: Tensor, grad: Tensor, keep: bool | None) -> bool:
    """Was a gradient used to update its own parameter? One that was zeroed since is kept: it is what comes next."""
    if keep is not None:
        return not keep
    return _is_written(made, tensor) and not _is_constant(made, read(grad))


def _is_written(made: Recording, tensor: Tensor) -> bool:
    slot = made.trace.slots.get(id(tensor))
    if slot is not None:
        return slot.current is not slot.arg
    return any(
        t is tensor and read(t) is not a for t, a in zip(made.stand_ins, made.inputs, strict=True)
    )


def _is_constant(made: Recording, value: Value) -> bool:
    return any(
        value in instr.results and all(isinstance(o, Const) for o in instr.operands)
        for instr in reversed(made.trace.body)
    )


def _name(made: Recording, tensor: Tensor) -> str:
    slot = made.trace.slots.get(id(tensor))
    return slot.arg.name if slot is not None else read(tensor).name or "argument"


def check_arguments(found: Plan, tensors: Sequence[Any]) -> None:
    """Refuse a backward that would have to go on beyond the compiled function."""
    for owner, grad in found.grads:
        if isinstance(owner, Given) and grad is not None:
            given = tensors[owner.place]
            if isinstance(given, Tensor) and read(given).op is not None:
                raise TraceError(
                    f"the compiled function calls backward(), and its argument {owner.place} was computed outside "
                    "with gradient history, where the gradient would have to flow on. Return the loss and call "
                    "backward() outside, or detach() the argument"
                )
