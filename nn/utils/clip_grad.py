"""Keeping gradients small. Everything is done in tensor operations, so that a trace can carry it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...tracer import Tensor, no_grad
from ...tracer.conversion import item
from ...tracer.creation import tensor
from ...tracer.inplace import assign
from ...tracer.location import blame
from ...tracer.pointwise import add, clamp, div, mul
from ...tracer.reduction import norm
from ...tracer.shaping import stack

Tensors = Tensor | Iterable[Tensor]


def _gradients(parameters: Tensors) -> list[Tensor]:
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in listed if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """The norm of all elements of some tensors together."""
    order = float(norm_type)
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not listed:
        return tensor(0.0)
    total = norm(stack([norm(t, order) for t in listed]), order)
    if error_if_nonfinite and not math.isfinite(item(total)):
        raise blame(
            RuntimeError(
                f"The total norm of order {order} for gradients from `parameters` is non-finite ({item(total)}), so it "
                "cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
                "`error_if_nonfinite=False`"
            )
        )
    return total


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients so that together their norm is at most max_norm; returns the norm before."""
    gradients = _gradients(parameters)
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    factor = clamp(div(float(max_norm), add(total, 1e-6)), max=1.0)
    for gradient in gradients:
        assign(gradient, mul(gradient, factor))
    return total


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float) -> None:
    """Bring every element of all gradients into [-clip_value, clip_value]."""
    bound = float(clip_value)
    for gradient in _gradients(parameters):
        assign(gradient, clamp(gradient, -bound, bound))
