"""What all optimizers share: parameter groups, state that is made when it is first needed, and `step`.

An optimizer is written once, in tensor operations on values. Run eagerly they compute; in a trace they become part of
the program, in which state and hyper-parameters are named arguments.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from ..aligned import filled
from ..ir.dtypes import DType
from ..tracer import (
    Tensor,
    changed,
    is_tracing,
    known_name,
    name_state,
    no_grad,
    outside_trace,
    reached,
)
from ..tracer.autograd import clear_grad
from ..tracer.modes import enable_grad
from ..tracer.reading import read
from ..tracer.tensor import eager_tensor
from ..tracer.var import Var
from . import checks, clocks, state_dict
from .arithmetic import addcmul, cast, neg
from .groups import ParamGroup

Scalars = dict[str, Var]
State = dict[str, Any]
Step = Callable[..., Any]


class Optimizer:
    """Base of all optimizers. A subclass says which moments it keeps and how one parameter is updated."""

    optional: ClassVar[tuple[str, ...]] = ("weight_decay",)
    """Hyper-parameters that are left out of the program where they are zero."""
    hints: ClassVar[Mapping[str, Any]] = {}
    """Options by which PyTorch chooses a kernel: accepted and kept, and without effect here."""
    private: ClassVar[frozenset[str]] = frozenset()
    """State that `state_dict` leaves out, because PyTorch's has none such."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[ParamGroup] = []
        self.steps_called = 0
        """How often `step` ran as Python; a compiled program's calls of it are not counted."""
        self._revision = 0
        for group in checks.groups_of(params):
            self.add_param_group(group)

    def __init_subclass__(cls) -> None:
        """A subclass may also write the whole `step` itself, as in PyTorch."""
        if "step" in cls.__dict__:
            cls.step = _announced(cls.step)  # type: ignore[method-assign]

    # ---- what a subclass says

    def moments(self, group: ParamGroup) -> Mapping[str, float]:
        """The names of the tensors kept for each parameter, and the number they are filled with at first."""
        return {}

    def clock(self, group: ParamGroup) -> str | None:
        """The name of the step count, if one is kept."""
        return "step"

    def scalars(self, group: ParamGroup, clock: Tensor | None) -> Scalars:
        """Numbers that are the same for all parameters, in float64; counts the step. One called "weight_decay" is the
        share of the parameter that is added to its gradient.
        """
        raise NotImplementedError

    def update(self, param: Tensor, grad: Var, state: State, s: Scalars, group: ParamGroup) -> None:
        """One step of one parameter."""
        raise NotImplementedError

    # ---- what a user calls

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. `closure` computes the loss and its gradients first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self.steps_called += 1
        reached(self)
        with no_grad():
            for group in self.param_groups:
                self._step(group)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or fill them with zeros."""
        reached(self)
        for group in self.param_groups:
            for p in group["params"]:
                clear_grad(p, set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """More parameters to optimize, with options of their own."""
        items = checks.group_items(param_group, self.param_groups)
        group = ParamGroup(items, self.defaults, self.optional)
        self.param_groups.append(group)
        self._revised()

    def state_dict(self) -> dict[str, Any]:
        """All there is to save, parameters by their number, as PyTorch lays it out."""
        return state_dict.packed(self.param_groups, self.state, self.private)

    def load_state_dict(self, state_dict_: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` saved, here or in PyTorch."""
        before = self._tensors()
        state_dict.load(self.param_groups, self.state, state_dict_)
        if self._tensors() != before:
            self._revised()

    def structure(self) -> Hashable:
        """Changes whenever a traced `step` has to be traced again: when the groups' structure does, and when state is
        made or replaced. The first step makes state, so ask after the trace.
        """
        return (self._revision, *(group.structure() for group in self.param_groups))

    def named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that a step reads and writes besides parameters and gradients, by the name it has in a trace."""
        prefix, number = type(self).__name__.lower(), 0
        for g, group in enumerate(self.param_groups):
            suffix = f".{g}" if g else ""
            for name, tensor in group.named_tensors():
                yield (name if name == "lr" else f"{prefix}.{name}") + suffix, tensor
            shared = self.clock(group)
            names = group.get("param_names") or [
                f"param{number + i}" for i in range(len(group["params"]))
            ]
            number += len(names)
            for p, fallback in zip(group["params"], names, strict=True):
                named = known_name(p) or fallback
                for key, tensor in self.state.get(p, {}).items():
                    if not isinstance(tensor, Tensor):
                        continue
                    yield f"{prefix}.{key}" + (suffix if key == shared else f".{named}"), tensor

    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            text += "".join(f"    {k}: {group[k]}\n" for k in sorted(group) if k != "params")
        return text + ")"

    # ---- how a step is done

    def _revised(self) -> None:
        self._revision += 1
        changed()

    def _tensors(self) -> list[tuple[int, str, int]]:
        """Which tensors the state consists of."""
        return [(id(p), k, id(t)) for p, state in self.state.items() for k, t in state.items()]

    def _step(self, group: ParamGroup) -> None:
        ready = [p for p in group["params"] if p.grad is not None]
        if not ready:
            return
        key = self.clock(group)
        self._prepare(group, ready, key)
        found = clocks.clusters(self.state, ready, key) if key else [(None, ready)]
        for clock, members in found:
            scalars = Cast(self.scalars(group, clock))
            for p in members:
                s = scalars.to(p.dtype)
                self.update(p, self._gradient(p, s, group), self.state.get(p, {}), s, group)

    def _prepare(self, group: ParamGroup, ready: list[Tensor], key: str | None) -> None:
        """Make the state that is missing, and name all of it if a trace is being taken."""
        made = False
        with outside_trace():
            if key:
                made |= clocks.start(self.state, ready, key)
            for name, fill in self.moments(group).items():
                for p in ready:
                    if name not in self.state[p]:
                        self.state[p][name] = _filled_like(p, fill)
                        made = True
        if key:
            made |= clocks.separate(self.state, ready, group["params"], key)
        if made:
            self._revised()
        if is_tracing():
            name_state(self.named_state())

    def _gradient(self, param: Tensor, s: Scalars, group: ParamGroup) -> Var:
        """The direction to go down: the gradient, or its opposite, with weight decay unless that is decoupled."""
        assert param.grad is not None
        grad = read(param.grad)
        if group.get("maximize"):
            grad = neg(grad)
        if "weight_decay" in s:
            grad = addcmul(grad, read(param), s["weight_decay"])
        return grad


class Cast:
    """Scalars in the dtypes of the parameters, each cast once."""

    def __init__(self, scalars: Scalars) -> None:
        self.scalars = scalars
        self.made: dict[DType, Scalars] = {}

    def to(self, dtype: DType) -> Scalars:
        if dtype not in self.made:
            self.made[dtype] = {k: self._one(k, dtype) for k in self.scalars}
        return self.made[dtype]

    def _one(self, name: str, dtype: DType) -> Var:
        value = cast(self.scalars[name], dtype)
        value.name = value.name or name
        return value


def _announced(step: Step) -> Step:
    """A step of the user's own, counted, and its state named if a trace is being taken."""

    @functools.wraps(step)
    def announced(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        self.steps_called += 1
        reached(self)
        if is_tracing():
            name_state(self.named_state())
        return step(self, *args, **kwargs)

    return announced


def _filled_like(param: Tensor, number: float) -> Tensor:
    """A tensor with the parameter's layout in memory."""
    array = read(param).array
    assert array is not None
    if array.flags.c_contiguous:
        return eager_tensor(filled(array.shape, number, array.dtype))
    return eager_tensor(np.full_like(array, number))
