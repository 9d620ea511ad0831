"""Calls that native code answers by itself.

The call of a compiled function becomes a builtin, which looks into the tensors it is given, compares the words that
tell whether anything has changed, and runs the program. Whatever it does not know goes the patient way. It is there for
programs whose results are all that a call leaves behind besides state: no history, no gradients to set, no copies.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from ..ir.types import type_of
from ..runtime.copies import New, Pattern, make_copier
from ..runtime.entry import Failure
from ..runtime.object_layout import LayoutError, Unwrap, slot_offset
from ..runtime.program import Bound
from ..runtime.turns import Turn
from ..tracer.changes import GRAD, ONE, QUIET, STRUCTURE, TRACING, ZERO
from ..tracer.consumed import Consumed
from ..tracer.structure import unflatten
from ..tracer.tensor import Tensor, wrap
from ..tracer.var import Array, Runs, Storage, Var, next_sequence
from .memory import Memory
from .plan import Made, Plan


class Caller(NamedTuple):
    """Whom a program is called by."""

    slow: Callable[..., Any]
    """Takes the calls that native code turns away."""
    turn: Turn
    """The programs of one function take turns."""


def is_simple(plan: Plan, memory: Memory) -> bool:
    """Can native code do all there is to do?"""
    return (
        leaves_only_results(plan)
        and not memory.copied
        and isinstance(memory.bound, Bound)
        and unwrapping() is not None
    )


def leaves_only_results(plan: Plan) -> bool:
    """Is there nothing to do after a run but to return new tensors?"""
    return (
        not (plan.history or plan.written)
        and all(grad is None or isinstance(grad, Consumed) for _, grad in plan.grads)
        and all(isinstance(owner, Tensor) for owner, _ in plan.grads)
        and all(isinstance(source, Made | Tensor) for source in plan.returned)
    )


def native_call(
    plan: Plan,
    memory: Memory,
    structure: Any,
    *,
    runs: Runs,
    grad: bool,
    caller: Caller,
) -> Callable[..., Any]:
    """The builtin."""
    bound: Any = memory.bound

    def report() -> None:
        runs.count += 1
        bound.check()

    made: Callable[..., Any] = bound.function(
        finish=_finish(plan, memory, structure, runs),
        failure=Failure(bound.status.ctypes.data, report, bound.status.size),
        slow=caller.slow,
        unwrap=unwrapping(),
        guards=[
            (STRUCTURE.address, memory.word.address),
            (TRACING.address, ZERO.address),
            *([(GRAD.address, ONE.address)] if grad else []),
        ],
        thread=None if grad else QUIET.address,
        keep=[memory.word],
        turn=caller.turn,
        long=bound.parts > 1,
    )
    return made


def _finish(plan: Plan, memory: Memory, structure: Any, runs: Runs) -> Callable[[], Any] | None:
    """Makes what a call returns, from the program's own results. None where there is nothing to make or to count."""
    results: list[Array] = memory.bound.results
    if structure is None:
        return _counting(runs) if memory.written else None
    if structure == 0 and isinstance(plan.returned[0], Made):
        return _one(results[0], runs)
    return _many(plan, results, structure, runs)


def _counting(runs: Runs) -> Callable[[], None]:
    def finish() -> None:
        runs.count += 1

    return finish


def _one(result: Array, runs: Runs) -> Callable[[], Tensor]:
    """One new tensor, which is most often the loss."""
    return make_copier("result", _pattern(result), counted=runs.word.address, keep=runs)


def _many(plan: Plan, results: list[Array], structure: Any, runs: Runs) -> Callable[[], Any]:
    makers = [make_copier("result", _pattern(result)) for result in results]

    def finish() -> Any:
        runs.count += 1
        made = [make() for make in makers]
        sources = [made[s.place] if isinstance(s, Made) else s for s in plan.returned]
        return unflatten(structure, sources)  # type: ignore[arg-type]

    return finish


def _pattern(result: Array) -> Pattern:
    """A tensor with a copy of a result, as `wrap(concrete(result.copy()))` would make it."""
    var = Var(type_of(result), None, Storage())
    new: dict[str, New] = {
        "array": result.copy,
        "storage": Pattern(Storage()),
        "sequence": next_sequence,
    }
    return Pattern(wrap(var), {"_var": Pattern(var, new)})


@cache
def unwrapping() -> Unwrap | None:
    """From a tensor to its array: no view, nothing that asks for gradients, nothing that a program writes to.

    None where this Python keeps its objects otherwise than native code knows.
    """
    try:
        var, storage = slot_offset(Tensor, "_var"), slot_offset(Var, "storage")
        return Unwrap(
            types=(Tensor,),
            hops=(var, slot_offset(Var, "array")),
            require=(
                ((slot_offset(Tensor, "_base"),), None),
                ((var, slot_offset(Var, "needs_grad")), False),
                ((var, storage, slot_offset(Storage, "watch")), None),
            ),
        )
    except LayoutError as error:
        warnings.warn(f"compiled functions are called the patient way: {error}", stacklevel=2)
        return None
