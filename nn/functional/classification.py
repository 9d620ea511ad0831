"""Losses between scores of classes and classes (or probabilities of classes)."""

from __future__ import annotations

from ...ir.ops.loss import CrossEntropy
from ...tracer import Tensor
from ...tracer.eager import builder
from ...tracer.indexing import gather, index_select
from ...tracer.location import blame
from ...tracer.pointwise import add, cast, div, labelled, mul, ne, neg, where
from ...tracer.reading import array_of, read
from ...tracer.reduction import log_softmax, sum
from ...tracer.shaping import permute, reshape, unsqueeze
from ...tracer.tensor import apply
from .classes import check_classes, check_nothing_ignored, check_smoothing, check_weight
from .reduced import check_reduction

IGNORED = -100


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = IGNORED,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) and the target: class numbers, or probabilities of the input's shape.

    Classes stand along dimension 1 of the input (the only one of an input without a batch).
    """
    check_reduction(reduction)
    check_smoothing(label_smoothing)
    check_weight(input, weight)
    if input.shape == target.shape and target.dtype.is_floating_point:
        check_nothing_ignored(ignore_index)
        return _of_probabilities(input, target, weight, reduction, label_smoothing)
    check_classes(input, target)
    rows, classes = _as_rows(input), _as_vector(target)
    share = _shares(classes, weight, ignore_index)
    losses = apply(CrossEntropy(ignore_index), read(rows), read(classes))
    losses = losses if weight is None else mul(losses, share)
    node = _node(input.ndim, reduction)
    if label_smoothing:
        flat = where(ne(classes, ignore_index), _flat_losses(rows, weight), 0.0)
        losses = _blended(losses, flat, label_smoothing, rows.shape[1])
        node = "Add"
    return _averaged(losses, share, reduction, target, node)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = IGNORED,
    reduction: str = "mean",
) -> Tensor:
    """-input[class], for an input of log-probabilities (of `log_softmax`)."""
    check_reduction(reduction)
    check_weight(input, weight)
    check_classes(input, target)
    rows, classes = _as_rows(input), _as_vector(target)
    share = _shares(classes, weight, ignore_index)
    column = unsqueeze(where(ne(classes, ignore_index), classes, 0), 1)
    losses = mul(neg(reshape(_picked(rows, column), -1)), cast(share, input.dtype))
    return _averaged(losses, share, reduction, target, _node(input.ndim, reduction))


def _picked(rows: Tensor, column: Tensor) -> Tensor:
    """What stands at each row's class."""
    try:
        return gather(rows, 1, column)
    except IndexError:
        asked, count = array_of(column, "nll_loss()"), rows.shape[1]
        wrong = int(asked[(asked < 0) | (asked >= count)].flat[0])
        raise blame(
            IndexError(
                f"Target {wrong} is out of bounds: there are {count} classes (0 to {count - 1})"
            )
        ) from None


def _as_rows(input: Tensor) -> Tensor:
    """[N, C, d1, ...] (or [C]) as [N·d1·..., C]."""
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return unsqueeze(input, 0)
    last = permute(input, 0, *range(2, input.ndim), 1)
    return reshape(last, -1, input.shape[1])


def _as_vector(target: Tensor) -> Tensor:
    return target if target.ndim == 1 else reshape(target, -1)


def _shares(classes: Tensor, weight: Tensor | None, ignore_index: int) -> Tensor:
    """How much each row counts: whether it is kept, or the weight of its class if it is."""
    kept = ne(classes, ignore_index)
    if weight is None:
        return kept
    return where(kept, index_select(weight, 0, where(kept, classes, 0)), 0.0)


def _flat_losses(rows: Tensor, weight: Tensor | None) -> Tensor:
    """What each row would lose if every class were its class."""
    logs = log_softmax(rows, 1)
    return neg(sum(logs if weight is None else mul(logs, weight), 1))


def _blended(losses: Tensor, flat: Tensor, smoothing: float, classes: int) -> Tensor:
    """Label smoothing: a share of the class's probability goes to all classes alike."""
    return add(mul(losses, 1 - smoothing), mul(flat, smoothing / classes))


def _averaged(losses: Tensor, share: Tensor, reduction: str, target: Tensor, node: str) -> Tensor:
    """The rows' losses reduced; the mean is over what the rows count."""
    if reduction == "none":
        found = losses if losses.shape == target.shape else reshape(losses, *target.shape)
    elif reduction == "sum":
        found = sum(losses)
    else:
        found = div(sum(losses), sum(cast(share, losses.dtype)))
    return labelled(read(found), f"{node}Backward0")


def _node(rank: int, reduction: str) -> str:
    """What PyTorch calls the node that makes such a loss."""
    if rank <= 2:
        return "NllLoss"
    return "View" if reduction == "none" and rank != 4 else "NllLoss2D"


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float
) -> Tensor:
    dim = 1 if input.ndim > 1 else 0
    classes = input.shape[dim]
    wanted = add(mul(target, 1 - smoothing), smoothing / classes) if smoothing else target
    terms = mul(log_softmax(input, dim), wanted)
    if weight is not None:
        terms = mul(terms, reshape(weight, classes, *(1,) * (input.ndim - 1 - dim)))
    if reduction == "none":
        return neg(sum(terms, dim))
    total = neg(sum(terms))
    if reduction == "sum":
        return total
    mean = builder().div(read(total), float(input.shape.numel() // classes))
    return labelled(mean, "DivBackward1")
