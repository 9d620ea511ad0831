"""`trace`: run a function on stand-ins for its inputs, and get the program that it is."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..ir.dtypes import DType, float32, is_name
from ..ir.func import Func
from ..ir.interpreter import run
from ..ir.types import Shape, TensorType
from ..ir.values import Value
from .location import blame
from .modes import no_grad, outside_trace
from .names import names_in_reach, things_in_reach
from .reading import array_of, read
from .structure import flatten, rebuilt, unflatten
from .tensor import Tensor, eager_tensor, wrap
from .trace import Slot, Trace, taking
from .var import concrete
from .writing import write


class Spec(NamedTuple):
    """A shape and a dtype: an input without data."""

    shape: Shape
    dtype: DType = float32

    @property
    def type(self) -> TensorType:
        return TensorType(self.dtype, self.shape)


def spec(shape: Any, dtype: DType = float32) -> Spec:
    """`spec((64, 784))`, `spec((64,), int64)`, `spec(("n", 784))`."""
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    for size in sizes:
        named = (
            isinstance(size, str) and size.isidentifier() and size.isascii() and not is_name(size)
        )
        if not named and not (isinstance(size, int) and size >= 0):
            raise ValueError(
                f"a dimension is a size or a name (as of a variable), not {size!r}: spec({shape!r})"
            )
    if not isinstance(dtype, DType):
        raise TypeError(f"a spec's dtype is a torch.dtype such as float32, not {dtype!r}")
    return Spec(sizes, dtype)


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

    def run(self, *inputs: Any) -> Any:
        """Run the program in the interpreter, on these inputs and the state as it is now.

        Returns what the function would return, and updates the state that it would update. Inputs are given as they
        were to `trace_program`; gradients (`.grad`) are not set.
        """
        tensors: list[Tensor] = []
        flatten(inputs, tensors, fixed=True)
        self._check(tensors)
        tensors += [slot.up_to_date() for slot in self.state]
        found = run(self.func, *(array_of(t, "running a program") for t in tensors))
        places: dict[Value, Tensor] = {slot.arg: slot.tensor for slot in self.state}
        outputs: list[Tensor] = []
        with no_grad():
            for array, (_, into) in zip(found, self.func.results, strict=True):
                if into is None:
                    outputs.append(eager_tensor(array))
                else:
                    write(places[into], concrete(array))
        return unflatten(self.structure, outputs)

    def _check(self, tensors: Sequence[Tensor]) -> None:
        """Inputs have the dtypes that the program was traced for. (Shapes are the interpreter's business.)"""
        if len(tensors) != len(self.inputs):
            raise blame(
                TypeError(
                    f"{self.func.name} takes {len(self.inputs)} tensors, not {len(tensors)}; an array becomes one by "
                    "from_numpy()"
                )
            )
        for arg, tensor in zip(self.inputs, tensors, strict=True):
            if tensor.dtype is not arg.type.dtype:
                raise blame(
                    TypeError(
                        f"{self.func.name} was traced for %{arg.name}: {arg.type}, not for {tensor.dtype}; convert the "
                        f"tensor with .to({arg.type.dtype}), or trace again"
                    )
                )


def trace(fn: Callable[..., Any], *specs: Any, **named: Any) -> Func:
    """The program that `fn` is for inputs such as these.

    A tensor among the inputs is given by `spec(shape, dtype)` (a dimension may be a name, `spec(("n", 784))`, where the
    program does not need its size) or by an example; lists, tuples and dicts are searched; anything else stays fixed.
    """
    return trace_program(fn, *specs, **named).func


def trace_program(fn: Callable[..., Any], *specs: Any, **named: Any) -> Traced:
    """As `trace`, with what a caller needs to run the program in the function's place."""
    made = record(fn, specs, named)
    trace = made.trace
    with taking(trace):
        func = trace.close([read(t) for t in made.returned])
    return Traced(func, made.inputs, trace.state(), list(trace.grads.values()), made.structure)


@dataclass(frozen=True)
class Recording:
    """A trace of a function that has run to its end, and is not closed yet."""

    trace: Trace
    stand_ins: list[Tensor]
    """The tensors that the function saw as its inputs."""
    inputs: list[Value]
    """The arguments that they were to begin with."""
    returned: list[Tensor]
    structure: Any
    """What the function returned, with the number of a returned tensor in place of each."""


def record(
    fn: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any] | None = None
) -> Recording:
    """Run a function on stand-ins for its inputs."""
    trace = Trace(_name(fn))
    trace.reached.update({id(thing): thing for _, thing in things_in_reach(fn)})
    trace.announce(names_in_reach(fn))
    with taking(trace):
        args = _stand_ins(trace, _parameter_names(fn), tuple(given))
        keywords = {k: _stand_in(trace, k, v) for k, v in (named or {}).items()}
        stand_ins: list[Tensor] = []
        flatten((args, keywords), stand_ins, fixed=True)
        inputs = list(trace.args)
        returned: list[Tensor] = []
        structure = flatten(fn(*args, **keywords), returned)
    return Recording(trace, stand_ins, inputs, returned, structure)


def _name(fn: Any) -> str:
    name = getattr(fn, "__name__", type(fn).__name__).lower()
    return name if name.isidentifier() else "program"


def _parameter_names(fn: Any) -> list[str]:
    target = getattr(fn, "forward", fn)
    try:
        return list(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return []


def _stand_ins(trace: Trace, names: list[str], specs: tuple[Any, ...]) -> list[Any]:
    names = names + [f"arg{i}" for i in range(len(names), len(specs))]
    return [_stand_in(trace, n, s) for n, s in zip(names, specs, strict=False)]


def _stand_in(trace: Trace, name: str, given: Any) -> Any:
    """A tensor for a spec or an example; containers are searched; anything else stays what it is."""
    if isinstance(given, Spec):
        return wrap(trace.input(name, given.type))
    if isinstance(given, Tensor):
        return _like(given, trace, name)
    if isinstance(given, (list, tuple)):
        return rebuilt(given, [_stand_in(trace, f"{name}.{i}", g) for i, g in enumerate(given)])
    if isinstance(given, dict):
        return {k: _stand_in(trace, f"{name}.{k}", g) for k, g in given.items()}
    return given


def _like(example: Tensor, trace: Trace, name: str) -> Tensor:
    """A stand-in for a tensor: one of its type, that asks for gradients if the tensor does."""
    with outside_trace():
        outside = read(example)
    var = trace.input(name, outside.type)
    made = wrap(var)
    if outside.needs_grad:
        var.needs_grad, var.leaf = True, weakref.ref(made)
    return made
