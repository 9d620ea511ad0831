"""Losses between numbers and numbers."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.location import blame
from ...tracer.pointwise import abs, div, le, lt, mul, square, sub, where
from ...tracer.reduction import sum
from .reduced import reduced
from .warning import warn


def _difference(input: Tensor, target: Tensor) -> Tensor:
    """input - target; a warning where their shapes differ, for broadcasting is rarely what is meant."""
    if input.shape != target.shape:
        warn(
            f"Using a target size ({target.shape!r}) that is different to the input size ({input.shape!r}). "
            "This will likely lead to incorrect results due to broadcasting: every element meets several others. "
            "Please ensure they have the same size, for example with target.view_as(input) or unsqueeze(1)."
        )
    return sub(input, target)


def _scaled(losses: Tensor, weight: Tensor) -> Tensor:
    if weight.shape != losses.shape:
        raise blame(
            ValueError(
                f"Weights and input must have the same size, not {list(weight.shape)} and {list(losses.shape)}"
            )
        )
    return mul(losses, weight)


def _weighted(losses: Tensor, weight: Tensor | None, reduction: str, node: str | None) -> Tensor:
    """The losses reduced; with weights, "mean" is the weighted one."""
    if weight is None:
        return reduced(losses, reduction, node)
    scaled = _scaled(losses, weight)
    if reduction == "mean":
        return div(sum(scaled), sum(weight))
    return reduced(scaled, reduction)


def mse_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """The squared error."""
    return _weighted(square(_difference(input, target)), weight, reduction, "MseLoss")


def l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """The absolute error."""
    return _weighted(abs(_difference(input, target)), weight, reduction, None)


def smooth_l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """error²/(2·beta) where the error is below beta, |error| - beta/2 elsewhere."""
    if beta < 0:
        raise blame(
            RuntimeError(
                f"smooth_l1_loss does not support negative values for beta, such as {beta}."
            )
        )
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    error = _difference(input, target)
    size = abs(error)
    curve = mul(square(error), 0.5 / beta)
    return reduced(where(lt(size, beta), curve, sub(size, 0.5 * beta)), reduction, "SmoothL1Loss")


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """error²/2 where the error is at most delta, delta·(|error| - delta/2) elsewhere.

    As in PyTorch, "mean" divides by the number of elements even where there are weights.
    """
    if delta <= 0:
        raise blame(
            RuntimeError(
                f"huber_loss does not support non-positive values for delta, such as {delta}."
            )
        )
    error = _difference(input, target)
    size = abs(error)
    losses = where(le(size, delta), mul(square(error), 0.5), mul(sub(size, 0.5 * delta), delta))
    if weight is None:
        return reduced(losses, reduction, "HuberLoss")
    return reduced(_scaled(losses, weight), reduction)
