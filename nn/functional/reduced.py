"""How a loss of each element becomes the loss that is returned."""

from __future__ import annotations

from ...tracer import Tensor
from ...tracer.location import blame
from ...tracer.pointwise import labelled
from ...tracer.reading import read
from ...tracer.reduction import mean, sum

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> None:
    """Refuse a reduction that does not exist."""
    if reduction not in allowed:
        listed = ", ".join(f"'{a}'" for a in allowed)
        raise blame(
            ValueError(f"{reduction} is not a valid value for reduction; it is one of {listed}")
        )


def reduced(losses: Tensor, reduction: str, node: str | None = None) -> Tensor:
    """All losses, their mean or their sum; `node` is what the result prints as made by."""
    check_reduction(reduction)
    if reduction == "mean":
        losses = mean(losses)
    elif reduction == "sum":
        losses = sum(losses)
    return losses if node is None else labelled(read(losses), f"{node}Backward0")
