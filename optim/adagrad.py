"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..ir.dtypes import float64
from ..tracer import Tensor
from ..tracer.reading import read
from ..tracer.var import Var
from . import checks, clocks
from .arithmetic import ONE, add, addcmul, cast, div, neg, put, sqrt, sub
from .groups import ParamGroup
from .optimizer import Optimizer, Scalars, State


class Adagrad(Optimizer):
    """p ← p - lr / (1 + (t - 1)·lr_decay) · g / (√sum + eps), where sum adds up all g². It begins at
    `initial_accumulator_value`, and exists, as in PyTorch, before the first step.
    """

    hints: ClassVar[Mapping[str, Any]] = {"foreach": None, "differentiable": False, "fused": None}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **hints: Any,
    ) -> None:
        checks.not_negative(
            lr=("learning rate", lr),
            lr_decay=("lr_decay value", lr_decay),
            weight_decay=("weight_decay value", weight_decay),
            initial_accumulator_value=(
                "initial_accumulator_value value",
                initial_accumulator_value,
            ),
            eps=("epsilon value", eps),
        )
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
            **checks.hints("Adagrad", self.hints, hints),
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        self._prepare(group, group["params"], self.clock(group))

    def moments(self, group: ParamGroup) -> Mapping[str, float]:
        return {"sum": group["initial_accumulator_value"]}

    def scalars(self, group: ParamGroup, clock: Tensor | None) -> Scalars:
        assert clock is not None
        before = sub(cast(clocks.tick(clock), float64), ONE)
        s = {
            "rate": neg(div(group.value("lr"), addcmul(ONE, before, group.value("lr_decay")))),
            "eps": group.value("eps"),
        }
        return {**s, "weight_decay": group.value("weight_decay")} if group.on("weight_decay") else s

    def update(self, param: Tensor, grad: Var, state: State, s: Scalars, group: ParamGroup) -> None:
        total = put(state["sum"], addcmul(read(state["sum"]), grad, grad))
        put(param, addcmul(read(param), div(grad, add(sqrt(total), s["eps"])), s["rate"]))
