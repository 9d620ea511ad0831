"""RMSprop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..tracer import Tensor
from ..tracer.reading import read
from ..tracer.var import Var
from . import checks, clocks
from .arithmetic import ONE, add, addcmul, div, lerp, mul, neg, put, sqrt, sub
from .groups import ParamGroup
from .optimizer import Optimizer, Scalars, State


class RMSprop(Optimizer):
    """p ← p - lr·g / (√v + eps), where v is a running mean of g²; `centered` subtracts the square of g's own running
    mean, and `momentum` sums the steps: b ← momentum·b + g / (√v + eps), p ← p - lr·b.
    """

    optional = ("weight_decay", "momentum")
    hints: ClassVar[Mapping[str, Any]] = {
        "capturable": False, "foreach": None, "differentiable": False,
    }  # fmt: skip

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ) -> None:
        checks.not_negative(
            lr=("learning rate", lr),
            eps=("epsilon value", eps),
            momentum=("momentum value", momentum),
            weight_decay=("weight_decay value", weight_decay),
            alpha=("alpha value", alpha),
        )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
            **checks.hints("RMSprop", self.hints, hints),
        }
        super().__init__(params, defaults)

    def moments(self, group: ParamGroup) -> Mapping[str, float]:
        wanted = {
            "square_avg": True,
            "momentum_buffer": group.on("momentum"),
            "grad_avg": group["centered"],
        }
        return {name: 0.0 for name, needed in wanted.items() if needed}

    def scalars(self, group: ParamGroup, clock: Tensor | None) -> Scalars:
        assert clock is not None
        clocks.tick(clock)
        given = [k for k in ("momentum", "weight_decay") if group.on(k)]
        return {
            "toward": sub(ONE, group.value("alpha")),
            "rate": neg(group.value("lr")),
            "eps": group.value("eps"),
            **{k: group.value(k) for k in given},
        }

    def update(self, param: Tensor, grad: Var, state: State, s: Scalars, group: ParamGroup) -> None:
        square = state["square_avg"]
        v = put(square, lerp(read(square), mul(grad, grad), s["toward"]))
        if group["centered"]:
            mean = state["grad_avg"]
            m = put(mean, lerp(read(mean), grad, s["toward"]))
            v = sub(v, mul(m, m))
        step = div(grad, add(sqrt(v), s["eps"]))
        if "momentum" in s:
            buffer = state["momentum_buffer"]
            step = put(buffer, addcmul(step, read(buffer), s["momentum"]))
        put(param, addcmul(read(param), step, s["rate"]))
