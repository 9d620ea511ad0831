"""Changing the dtype of everything a module holds, and asking for the device it is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from ...ir.dtypes import DType, bfloat16, float16, float32, float64
from ...tracer import Tensor, changed, no_grad
from ...tracer.consumed import Consumed
from ...tracer.device import Device, check_device
from ...tracer.kinds import DTypeLike, dtype_of
from ...tracer.pointwise import cast
from ...tracer.writing import replace_memory
from .state_dict import Stateful

TensorFunction = Callable[[Tensor], Tensor]


class Castable(Stateful):
    """Casts parameters and buffers, in place."""

    def _apply(self, fn: TensorFunction) -> Self:
        """Replace every tensor by `fn` of it. Parameters stay the same objects, so that optimizers keep them."""
        changed()
        with no_grad():
            for parameter in self.parameters():
                _replace(parameter, fn)
            for module in self.modules():
                for name, buffer in module._buffers.items():
                    module._buffers[name] = None if buffer is None else fn(buffer)
        return self

    def _to_floating(self, dtype: DType) -> Self:
        return self._apply(lambda t: cast(t, dtype) if t.dtype.is_floating_point else t)

    def float(self) -> Self:
        """Floating-point tensors as float32."""
        return self._to_floating(float32)

    def double(self) -> Self:
        """Floating-point tensors as float64."""
        return self._to_floating(float64)

    def half(self) -> Self:
        """Floating-point tensors as float16."""
        return self._to_floating(float16)

    def bfloat16(self) -> Self:
        """Floating-point tensors as bfloat16."""
        return self._to_floating(bfloat16)

    def type(self, dst_type: DTypeLike) -> Self:
        """All tensors as another dtype."""
        return self._apply(lambda t: cast(t, dst_type))

    def to(
        self,
        *args: Any,
        dtype: DTypeLike | None = None,
        device: Any = None,
        non_blocking: bool = False,
    ) -> Self:
        """Floating-point tensors as another dtype: `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(tensor)`."""
        wanted = _wanted_dtype([*args, device, dtype])
        return self if wanted is None else self._to_floating(wanted)

    def cpu(self) -> Self:
        """On the CPU, where all tensors are."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """On a GPU; an error where there is none."""
        check_device(
            "cuda"
            if device is None
            else Device("cuda", device)
            if isinstance(device, int)
            else device
        )
        return self


def _replace(parameter: Tensor, fn: TensorFunction) -> None:
    """A parameter's memory, and its gradient's, replaced by `fn` of it."""
    new = fn(parameter)
    if new is not parameter:
        replace_memory(parameter, new)
    # A gradient that a compiled program has used up is nowhere.
    if not isinstance(parameter._grad, Consumed) and parameter.grad is not None:
        parameter.grad = fn(parameter.grad)


def _wanted_dtype(arguments: list[Any]) -> DType | None:
    """The dtype among the arguments of `to`; devices among them are checked."""
    found = None
    for given in arguments:
        if isinstance(given, Tensor):
            found = given.dtype
        elif isinstance(given, (DType, type, np.dtype)):
            found = dtype_of(given)  # type: ignore[arg-type]
        elif isinstance(given, (str, Device)):
            check_device(given)
        elif not isinstance(given, bool) and given is not None:
            raise TypeError(
                f"Module.to() takes a dtype, a device or a tensor, not {type(given).__name__} {given!r}"
            )
    if found is not None and not found.is_floating_point:
        raise TypeError(
            f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={found}"
        )
    return found
