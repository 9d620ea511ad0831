"""Normalisation: of the features of a sample, of a batch, or of the length of vectors."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.ops.rowwise import Normalize
from ...tracer import Tensor, no_grad
from ...tracer.inplace import assign
from ...tracer.location import blame
from ...tracer.pointwise import add, clamp, div, labelled, mul, sqrt, sub
from ...tracer.reading import read
from ...tracer.reduction import mean, norm, var
from ...tracer.shaping import reshape
from ...tracer.tensor import apply


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(variance + eps)·weight + bias, over the last dimensions."""
    shape = tuple(normalized_shape)
    first = input.ndim - len(shape)
    if not shape or first < 0 or tuple(input.shape[first:]) != shape:
        raise blame(RuntimeError(_misfit(input, shape)))
    scaled = apply(Normalize(tuple(range(first, input.ndim)), eps), read(input))
    return _affine(scaled, weight, bias, "NativeLayerNorm")


def _misfit(input: Tensor, shape: tuple[int, ...]) -> str:
    if not shape:
        return (
            "Expected normalized_shape to be at least 1-dimensional, but got normalized_shape = []"
        )
    wanted = ", ".join(map(str, ("*", *shape)))
    return (
        f"Given normalized_shape={list(shape)}, expected input with shape [{wanted}], "
        f"but got input of size{list(input.shape)}"
    )


def _affine(input: Tensor, weight: Tensor | None, bias: Tensor | None, node: str) -> Tensor:
    scaled = input if weight is None else mul(input, weight)
    shifted = scaled if bias is None else add(scaled, bias)
    return labelled(read(shifted), f"{node}Backward0")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(variance + eps)·weight + bias for each channel (dimension 1).

    In training mean and variance are the batch's, and the running statistics move towards them by `momentum`;
    otherwise they are the running ones.
    """
    _check_channels(input, running_mean, running_var, weight, bias)
    dims = tuple(d for d in range(input.ndim) if d != 1)
    if training:
        _check_batch(input)
        scaled = apply(Normalize(dims, eps), read(input))
        _track(input, dims, running_mean, running_var, momentum)
    elif running_mean is None or running_var is None:
        missing = "running_mean" if running_mean is None else "running_var"
        raise blame(RuntimeError(f"{missing} must be defined in evaluation mode"))
    else:
        deviation = sqrt(add(running_var, eps))
        scaled = div(sub(input, _along(running_mean, input)), _along(deviation, input))
    weight = None if weight is None else _along(weight, input)
    bias = None if bias is None else _along(bias, input)
    return _affine(scaled, weight, bias, "NativeBatchNorm")


def _along(channels: Tensor, input: Tensor) -> Tensor:
    """One number for each channel, shaped to meet the input's dimension 1."""
    return channels if input.ndim == 2 else reshape(channels, -1, *(1,) * (input.ndim - 2))


def _track(
    input: Tensor,
    dims: tuple[int, ...],
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float | Tensor,
) -> None:
    """Move the running statistics towards those of a batch."""
    with no_grad():
        if running_mean is not None:
            _move(running_mean, mean(input, dims), momentum)
        if running_var is not None:
            _move(running_var, var(input, dims), momentum)


def _move(running: Tensor, batch: Tensor, momentum: float | Tensor) -> None:
    rest = sub(1.0, momentum) if isinstance(momentum, Tensor) else 1.0 - momentum
    assign(running, add(mul(running, rest), mul(batch, momentum)))


def _check_batch(input: Tensor) -> None:
    if input.shape.numel() == input.shape[1]:
        raise blame(
            ValueError(
                f"Expected more than 1 value per channel when training, got input size {input.shape!r}; "
                "a batch of one has no variance: use a larger batch, or eval()"
            )
        )


def _check_channels(input: Tensor, *given: Tensor | None) -> None:
    if input.ndim < 2:
        raise blame(
            ValueError(
                f"batch_norm needs channels in dimension 1, but the input has shape {list(input.shape)}"
            )
        )
    names = ("running_mean", "running_var", "weight", "bias")
    for name, tensor in zip(names, given, strict=True):
        if tensor is not None and tensor.shape.numel() != input.shape[1]:
            raise blame(
                RuntimeError(
                    f"{name} should contain {input.shape[1]} elements not {tensor.shape.numel()}: the input "
                    f"{list(input.shape)} has {input.shape[1]} channels"
                )
            )


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Each vector along dim divided by its p-norm (by eps, if that is larger)."""
    return div(input, clamp(norm(input, p, dim, keepdim=True), min=eps))
