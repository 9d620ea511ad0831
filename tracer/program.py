"""`trace`: run a function on stand-ins for its inputs, and get the program that it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..ir.dtypes import DType, float32
from ..ir.func import Func
from ..ir.types import Shape, TensorType
from ..ir.values import Value
from .modes import modes
from .reading import read
from .tensor import Tensor, wrap
from .trace import Slot, Trace


class Spec(NamedTuple):
    """A shape and a dtype: an input without data."""

    shape: Shape
    dtype: DType = float32

    @property
    def type(self) -> TensorType:
        return TensorType(self.dtype, self.shape)


def spec(shape: Any, dtype: DType = float32) -> Spec:
    """`spec((64, 784))`, `spec((64,), int64)`."""
    return Spec(tuple(shape) if isinstance(shape, (tuple, list)) else (shape,), dtype)


@dataclass(frozen=True)
class Traced:
    """A traced program and what its arguments and results are."""

    func: Func
    inputs: list[Value]
    """The arguments that stand for tensors among the function's inputs."""
    state: list[Slot]
    """The tensors from outside that it reaches, in the order of the arguments that follow the inputs."""
    grads: list[tuple[Tensor, Tensor | None]]
    """Tensors from outside whose `.grad` it sets."""
    structure: Any
    """What it returns, with the number of a result in place of each tensor."""


def trace(fn: Callable[..., Any], *specs: Any, **named: Any) -> Func:
    """The program that `fn` is for inputs such as these: specs, example tensors, or plain values that stay fixed."""
    return trace_program(fn, *specs, **named).func


def trace_program(fn: Callable[..., Any], *specs: Any, **named: Any) -> Traced:
    """As `trace`, with what a caller needs to run the program in the function's place."""
    taking = Trace(_name(fn))
    taking.announce(_names_in_reach(fn))
    saved = modes.trace
    modes.trace = taking
    try:
        args = _stand_ins(taking, _parameter_names(fn), specs)
        keywords = {k: _stand_in(taking, k, v) for k, v in named.items()}
        inputs = list(taking.args)
        returned = fn(*args, **keywords)
        outputs: list[Value] = []
        structure = _flatten(returned, outputs)
        return Traced(
            taking.close(outputs), inputs, taking.state(), list(taking.grads.values()), structure
        )
    finally:
        modes.trace = saved


def _name(fn: Any) -> str:
    name = getattr(fn, "__name__", type(fn).__name__).lower()
    return name if name.isidentifier() else "program"


def _parameter_names(fn: Any) -> list[str]:
    target = getattr(fn, "forward", fn)
    try:
        return list(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return []


def _stand_ins(taking: Trace, names: list[str], specs: tuple[Any, ...]) -> list[Any]:
    names = names + [f"arg{i}" for i in range(len(names), len(specs))]
    return [_stand_in(taking, n, s) for n, s in zip(names, specs, strict=False)]


def _stand_in(taking: Trace, name: str, given: Any) -> Any:
    """A tensor for a spec or an example; containers are searched; anything else stays what it is."""
    if isinstance(given, Spec):
        return wrap(taking.input(name, given.type))
    if isinstance(given, Tensor):
        return wrap(
            taking.input(name, given._var.type if given._base is None else given._view[1].type)
        )
    if isinstance(given, (list, tuple)):
        return type(given)(_stand_in(taking, f"{name}.{i}", g) for i, g in enumerate(given))
    if isinstance(given, dict):
        return {k: _stand_in(taking, f"{name}.{k}", g) for k, g in given.items()}
    return given


def _flatten(returned: Any, outputs: list[Value]) -> Any:
    if isinstance(returned, Tensor):
        outputs.append(read(returned))
        return len(outputs) - 1
    if isinstance(returned, (list, tuple)):
        return tuple(_flatten(r, outputs) for r in returned)
    if isinstance(returned, dict):
        return {k: _flatten(r, outputs) for k, r in returned.items()}
    if returned is None:
        return None
    raise TypeError(
        "a traced function returns tensors, or tuples, lists and dicts of them, "
        f"not {type(returned).__name__} {returned!r}"
    )


# ---- names


def _names_in_reach(fn: Any) -> Iterator[tuple[str, Tensor]]:
    """Names for the state that a function reaches: of modules first, then of optimizers, which refer to them."""
    found = [(n, v) for n, v in _variables(fn) if hasattr(v, "named_state")]
    owners = [(n, v) for n, v in found if not hasattr(v, "param_groups")]
    for name, owner in owners:
        prefix = "" if len(owners) == 1 else f"{name}."
        yield from ((prefix + n, t) for n, t in owner.named_state())
    yield from ((n, v) for n, v in _variables(fn) if isinstance(v, Tensor))


def _variables(fn: Any) -> Iterator[tuple[str, Any]]:
    """What the function's own names stand for: its closure, the globals it mentions, the object it is a method of."""
    owner = getattr(fn, "__self__", fn if hasattr(fn, "forward") else None)
    if owner is not None:
        yield "self", owner
    function = inspect.unwrap(getattr(fn, "__func__", fn))
    if inspect.isfunction(function):
        reach = inspect.getclosurevars(function)
        yield from reach.nonlocals.items()
        yield from reach.globals.items()
