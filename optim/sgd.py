"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..ir.dtypes import float64
from ..tracer import Tensor
from ..tracer.inplace import fill_
from ..tracer.location import blame
from ..tracer.reading import read
from ..tracer.var import Var
from . import checks
from .arithmetic import ONE, addcmul, cast, mul, neg, put, sub
from .groups import ParamGroup
from .optimizer import Optimizer, Scalars, State


class SGD(Optimizer):
    """p ← p - lr·d, where d is the gradient, or its running sum with `momentum`: d ← momentum·d + (1 - dampening)·g.

    The first d is g itself, however large the dampening. In the program that is a number, `started`, which is 0 in a
    parameter's first step and 1 after it: the share of the dampening that counts.
    """

    optional = ("weight_decay", "momentum", "dampening")
    hints: ClassVar[Mapping[str, Any]] = {"foreach": None, "differentiable": False, "fused": None}
    private = frozenset({"started"})

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ) -> None:
        checks.not_negative(
            lr=("learning rate", lr),
            momentum=("momentum value", momentum),
            weight_decay=("weight_decay value", weight_decay),
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise blame(
                ValueError(
                    "Nesterov momentum requires a momentum and zero dampening, "
                    f"not momentum={momentum} and dampening={dampening}"
                )
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            **checks.hints("SGD", self.hints, hints),
        }
        super().__init__(params, defaults)

    def moments(self, group: ParamGroup) -> Mapping[str, float]:
        return {"momentum_buffer": 0.0} if group.on("momentum") else {}

    def clock(self, group: ParamGroup) -> str | None:
        return "started" if group.on("momentum") and group.on("dampening") else None

    def scalars(self, group: ParamGroup, clock: Tensor | None) -> Scalars:
        s = {"rate": neg(group.value("lr"))}
        if group.on("momentum"):
            s["momentum"] = group.value("momentum")
        if group.on("weight_decay"):
            s["weight_decay"] = group.value("weight_decay")
        if clock is not None:
            started = read(clock)
            s["share"] = sub(ONE, mul(group.value("dampening"), cast(started, float64)))
            fill_(clock, 1)
        return s

    def update(self, param: Tensor, grad: Var, state: State, s: Scalars, group: ParamGroup) -> None:
        if "momentum" in s:
            grad = self._with_momentum(grad, state["momentum_buffer"], s, bool(group["nesterov"]))
        put(param, addcmul(read(param), grad, s["rate"]))

    def _with_momentum(self, grad: Var, buffer: Tensor, s: Scalars, nesterov: bool) -> Var:
        share = mul(grad, s["share"]) if "share" in s else grad
        kept = put(buffer, addcmul(share, read(buffer), s["momentum"]))
        return addcmul(grad, kept, s["momentum"]) if nesterov else kept
