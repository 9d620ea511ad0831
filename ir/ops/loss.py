"""The loss of a classifier, as one op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..builder import Builder
from ..dtypes import float32, int64
from ..errors import DimError, DTypeError, require
from ..op import Array, Op, Thunk, op
from ..samples import Mistake, Sample, mistake, sample, spec
from ..types import TensorType
from ..values import Value
from ..walk import Walk
from .rowwise import check_float, log_softmax


@op
class CrossEntropy(Op):
    """The loss of each row of logits against its class: logsumexp(row) - row[class]; 0 where the class is ignored."""

    name = "cross_entropy"
    arity = 2
    work = 3
    checks = True
    ignore_index: int = -100

    def walk(self, *types: TensorType) -> Walk | None:
        return Walk(types[0].shape, (1,))

    def infer(self, *types: TensorType) -> TensorType:
        logits, classes = types
        check_float("cross_entropy", logits)
        require(
            classes.dtype.is_integer,
            f"cross_entropy: classes must be integers, not {classes}",
            DTypeError,
        )
        require(
            logits.rank == 2 and classes.shape == logits.shape[:1],
            f"cross_entropy: logits {logits} need one class per row, but the classes are {classes}",
        )
        return logits.with_shape(logits.shape[:1])

    def ref(self, logits: Array, classes: Array) -> Any:
        kept = classes != self.ignore_index
        check_classes(classes, kept, logits.shape[1])
        rows = np.arange(len(classes))
        chosen = log_softmax(logits, 1)[rows, np.where(kept, classes, 0)]
        return np.where(kept, -chosen, np.zeros((), logits.dtype))

    def vjp(
        self, b: Builder, g: Value, out: Value, logits: Value, classes: Value
    ) -> Sequence[Thunk | None]:
        def share() -> Value:
            """(softmax - one_hot)·g, row by row."""
            width, dtype = logits.type.shape[1], logits.type.dtype
            target = b.one_hot(classes, classes=width, dtype=dtype)
            error = b.sub(b.softmax(logits, dim=1), target)
            weight = b.where(b.ne(classes, self.ignore_index), g, 0.0)
            return b.mul(error, b.reshape(weight, shape=(*g.type.shape, 1)))

        return share, None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield sample(cls(), spec(4, 3), spec(4, dtype=int64, low=0, high=3))
        yield sample(cls(ignore_index=1), spec(5, 3), spec(5, dtype=int64, low=0, high=3))

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        yield mistake(cls(), "need one class per row", spec(4, 3), spec(3, dtype=int64))
        yield mistake(
            cls(), "classes must be integers, not f32[4]", spec(4, 3), spec(4, dtype=float32)
        )


def check_classes(classes: Array, kept: Array, width: int) -> None:
    """Refuse a class that is not in 0..width-1."""
    wrong = kept & ((classes < 0) | (classes >= width))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DimError(
            f"Target {int(classes[row])} is out of bounds: row {row} names it, but there are {width} "
            f"classes (0 to {width - 1})"
        )
