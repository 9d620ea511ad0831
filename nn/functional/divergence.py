"""How far one distribution is from another."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.pointwise import div, exp, gt, log, mul, sub, where
from ...tracer.reduction import sum
from .reduced import REDUCTIONS, check_reduction, reduced
from .warning import warn


def kl_div(
    input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """target·(log(target) - input): how far the target is from exp(input). `log_target`: the target is a logarithm."""
    check_reduction(reduction, (*REDUCTIONS, "batchmean"))
    if reduction == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition."
        )
    if log_target:
        losses = mul(exp(target), sub(target, input))
    else:
        present = gt(target, 0)
        known = where(present, log(where(present, target, 1.0)), 0.0)
        losses = sub(mul(target, known), mul(target, input))
    if reduction == "batchmean":
        return div(sum(losses), input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)
