"""Losses between probabilities (or logits) and truth values."""

from __future__ import annotations

from collections.abc import Callable

from ...tracer import Tensor
from ...tracer.location import blame
from ...tracer.pointwise import add, clamp, gt, log, log1p, lt, mul, neg, sub, where
from ...tracer.reading import read
from .reduced import reduced
from .smooth import logsigmoid

SMALLEST_LOG = -100.0


def _bounded(logarithm: Callable[[Tensor], Tensor], input: Tensor, inside: Tensor) -> Tensor:
    """A logarithm, but at least -100; -100 without a slope where it would be infinite (outside)."""
    finite = logarithm(where(inside, input, 0.5))
    return where(inside, clamp(finite, min=SMALLEST_LOG), SMALLEST_LOG)


def _log_of_rest(input: Tensor) -> Tensor:
    """log(1 - x)."""
    return log1p(neg(input))


def _check_probabilities(input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        raise blame(
            ValueError(
                f"Using a target size ({target.shape!r}) that is different to the input size ({input.shape!r}) is not "
                "supported. Please ensure they have the same size, for example with target.view_as(input)."
            )
        )
    array = read(input).array
    if array is not None and array.size and not 0 <= array.min() <= array.max() <= 1:
        raise blame(
            RuntimeError(
                f"all elements of input should be between 0 and 1, but they run from {array.min()} to {array.max()}; "
                "for logits use binary_cross_entropy_with_logits (BCEWithLogitsLoss)"
            )
        )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(target·log(input) + (1-target)·log(1-input)), each logarithm being at least -100."""
    _check_probabilities(input, target)
    hit = mul(target, _bounded(log, input, gt(input, 0)))
    miss = mul(sub(1.0, target), _bounded(_log_of_rest, input, lt(input, 1)))
    losses = neg(add(hit, miss))
    weighted = losses if weight is None else mul(losses, weight)
    return reduced(weighted, reduction, "BinaryCrossEntropy")


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The binary cross entropy of sigmoid(input), computed so that nothing overflows or is lost."""
    if input.shape != target.shape:
        raise blame(
            ValueError(
                f"Target size ({target.shape!r}) must be the same as input size ({input.shape!r})"
            )
        )
    hit = logsigmoid(input)
    if pos_weight is not None:
        hit = mul(add(mul(sub(pos_weight, 1.0), target), 1.0), hit)
    losses = sub(mul(sub(1.0, target), input), hit)
    weighted = losses if weight is None else mul(losses, weight)
    return reduced(weighted, reduction, "BinaryCrossEntropyWithLogits")
