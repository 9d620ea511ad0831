"""Adam, and AdamW, which decays weights beside the gradient and not through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..ir.dtypes import float64
from ..tracer import Tensor
from ..tracer.location import blame
from ..tracer.reading import read
from ..tracer.var import Var
from . import checks, clocks
from .arithmetic import ONE, add, addcmul, cast, div, lerp, maximum, mul, pow, put, sqrt, sub
from .groups import ParamGroup
from .optimizer import Optimizer, Scalars, State

Betas = tuple[float, float]


class Adam(Optimizer):
    """p ← p - lr·m̂ / (√v̂ + eps), where m and v are running means of the gradient and of its square, and the hats
    divide by 1 - beta^t because the means begin at zero.

    With r = √(1 - beta2^t) this is p - (lr·r / (1 - beta1^t))·m / (√v + eps·r): what belongs to no single element is
    computed once, and two passes over memory are saved.
    """

    hints: ClassVar[Mapping[str, Any]] = {
        "foreach": None, "capturable": False, "differentiable": False, "fused": None,
    }  # fmt: skip

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **hints: Any,
    ) -> None:
        checks.not_negative(
            lr=("learning rate", lr),
            eps=("epsilon value", eps),
            weight_decay=("weight_decay value", weight_decay),
        )
        _check_betas(betas)
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            **checks.hints(type(self).__name__, self.hints, hints),
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def moments(self, group: ParamGroup) -> Mapping[str, float]:
        kept = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        return {**kept, "max_exp_avg_sq": 0.0} if group["amsgrad"] else kept

    def scalars(self, group: ParamGroup, clock: Tensor | None) -> Scalars:
        assert clock is not None
        t = cast(clocks.tick(clock), float64)
        lr, beta1, beta2 = group.value("lr"), group.value("beta1"), group.value("beta2")
        root = sqrt(sub(ONE, pow(beta2, t)))
        s = {
            "toward_grad": sub(ONE, beta1),
            "toward_square": sub(ONE, beta2),
            "rate": mul(div(lr, sub(pow(beta1, t), ONE)), root),
            "eps": mul(group.value("eps"), root),
        }
        if group.on("weight_decay"):
            decay = group.value("weight_decay")
            decoupled = group["decoupled_weight_decay"]
            s |= {"kept": sub(ONE, mul(lr, decay))} if decoupled else {"weight_decay": decay}
        return s

    def update(self, param: Tensor, grad: Var, state: State, s: Scalars, group: ParamGroup) -> None:
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        m = put(mean, lerp(read(mean), grad, s["toward_grad"]))
        v = put(square, lerp(read(square), mul(grad, grad), s["toward_square"]))
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            v = put(largest, maximum(read(largest), v))
        step = div(m, add(sqrt(v), s["eps"]))
        start = mul(read(param), s["kept"]) if "kept" in s else read(param)
        put(param, addcmul(start, step, s["rate"]))


class AdamW(Adam):
    """Adam, with p ← p - lr·weight_decay·p before each step."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **hints: Any,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
            **hints,
        )


def _check_betas(betas: Any) -> None:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise blame(TypeError(f"betas takes two numbers, such as (0.9, 0.999), not {betas!r}"))
    for i, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise blame(ValueError(f"Invalid beta parameter at index {i}: {beta}"))
