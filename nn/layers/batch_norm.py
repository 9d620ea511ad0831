"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from ...ir.dtypes import DType, int64
from ...tracer import Tensor, no_grad
from ...tracer.creation import full, ones, zeros
from ...tracer.inplace import assign, fill_, zero_
from ...tracer.location import blame
from ...tracer.pointwise import add, cast, div
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter


class BatchNorm1d(Module):
    """Normalises each channel of [N, C] or [N, C, L] over the batch, and keeps running statistics for evaluation.

    `momentum=None` keeps the plain average of all batches instead of a moving one.
    """

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        weight, shift = (zeros(num_features, device=device, dtype=dtype) for _ in range(2))
        self.register_parameter("weight", Parameter(weight) if affine else None)
        self.register_parameter("bias", Parameter(shift) if affine and bias else None)
        self._register_statistics(device, dtype)
        self.reset_parameters()

    def _register_statistics(self, device: Any, dtype: DType | None) -> None:
        tracked = self.track_running_stats
        size, options = self.num_features, {"device": device, "dtype": dtype}
        self.register_buffer("running_mean", zeros(size, **options) if tracked else None)
        self.register_buffer("running_var", ones(size, **options) if tracked else None)
        self.register_buffer(
            "num_batches_tracked", full((), 0, dtype=int64, device=device) if tracked else None
        )

    def reset_running_stats(self) -> None:
        """Forget all batches seen."""
        if self.running_mean is not None and self.running_var is not None:
            zero_(self.running_mean)
            fill_(self.running_var, 1)
        if self.num_batches_tracked is not None:
            zero_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, no batches seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (2, 3):
            raise blame(ValueError(f"expected 2D or 3D input (got {input.ndim}D input)"))
        tracking = self.training and self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracking or not self.training else None,
            self.running_var if tracking or not self.training else None,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self._count(input.dtype) if tracking else 0.0,
            self.eps,
        )

    def _count(self, dtype: DType) -> float | Tensor:
        """Count a batch; how far the running statistics move towards it."""
        seen = self.num_batches_tracked
        if seen is None:
            return 0.0 if self.momentum is None else self.momentum
        with no_grad():
            assign(seen, add(seen, 1))
            return div(1.0, cast(seen, dtype)) if self.momentum is None else self.momentum

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )
