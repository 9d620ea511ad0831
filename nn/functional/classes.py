"""What the losses of classes ask of their operands."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.location import blame


def check_weight(input: Tensor, weight: Tensor | None) -> None:
    classes = input.shape[1 if input.ndim > 1 else 0] if input.ndim else 0
    if weight is not None and tuple(weight.shape) != (classes,):
        raise blame(
            RuntimeError(
                f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
                f"of shape: {list(weight.shape)}"
            )
        )


def check_classes(input: Tensor, target: Tensor) -> None:
    """Refuse a target that is not one class number for each row of scores."""
    if not input.ndim:
        raise blame(
            ValueError(
                "the scores of classes need a dimension for the classes, but the input has none"
            )
        )
    if not target.dtype.is_integer:
        raise blame(RuntimeError(_not_classes(input, target)))
    batch = input.shape[:1] if input.ndim > 1 else ()
    if input.ndim > 1 and target.ndim and batch != target.shape[:1]:
        raise blame(
            ValueError(
                f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
            )
        )
    if (*batch, *input.shape[2:]) != tuple(target.shape):
        raise blame(
            RuntimeError(
                f"the target has shape {list(target.shape)}, but an input of shape {list(input.shape)} needs one class "
                f"for each of {[*batch, *input.shape[2:]]}"
            )
        )


def _not_classes(input: Tensor, target: Tensor) -> str:
    kind = target.dtype.long_name
    return (
        f"expected target dtype to be Long or Byte, but got {kind} of shape {list(target.shape)}. Class numbers are "
        f"integers: target.long(). Probabilities need the input's shape, {list(input.shape)}"
    )


def check_smoothing(label_smoothing: float) -> None:
    """Refuse a share that is none."""
    if not 0 <= label_smoothing <= 1:
        raise blame(
            RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
        )


def check_nothing_ignored(ignore_index: int) -> None:
    """Refuse a class to ignore where the target has no class numbers."""
    if ignore_index >= 0:
        raise blame(
            RuntimeError(
                f"ignore_index is not supported for floating point target, but it is {ignore_index}"
            )
        )
