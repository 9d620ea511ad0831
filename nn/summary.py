"""`summary`: what a model is made of, as a table. Output shapes come from a trace, so that nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .. import lazy
from ..tracer import Tensor, no_grad, trace
from .module import Module

_notebook = lazy.module(f"{__package__}.notebook")


class Row(NamedTuple):
    """One module of the model."""

    path: str
    kind: str
    shape: str
    """The shape of what it returned ("" if it was not called, or nothing was traced)."""
    parameters: int
    """How many numbers its own parameters hold, those counted in an earlier row left out."""


class Summary(NamedTuple):
    """A table of modules; `print` it."""

    rows: tuple[Row, ...]
    total: int
    trainable: int
    bytes: int
    with_shapes: bool

    def __repr__(self) -> str:
        lines = self.cells()
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [_line(cells, widths) for cells in lines]
        rule = "-" * (sum(widths) + 2 * len(widths) - 2)
        return "\n".join([table[0], rule, *table[1:], rule, *self.totals()])

    def _repr_html_(self) -> str:
        html: str = _notebook.summary_html(self)
        return html

    def cells(self) -> list[tuple[str, ...]]:
        """The table, line by line; the first is its head."""
        head = ("layer", "class", *["output shape"] * self.with_shapes, "parameters")
        return [head, *(self._cells(row) for row in self.rows)]

    def _cells(self, row: Row) -> tuple[str, ...]:
        shape = [row.shape or "-"] * self.with_shapes
        return (
            row.path or "(model)",
            row.kind,
            *shape,
            f"{row.parameters:,}" if row.parameters else "-",
        )

    def totals(self) -> Iterator[str]:
        """What is said below the table."""
        frozen = self.total - self.trainable
        yield f"parameters: {self.total:,} ({self.trainable:,} trainable, {frozen:,} frozen)"
        yield f"memory of parameters and buffers: {self.bytes:,} bytes"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Text to the left, the last column (numbers) to the right."""
    *texts, number = [*zip(cells, widths, strict=True)]
    return "  ".join([*(t.ljust(w) for t, w in texts), number[0].rjust(number[1])]).rstrip()


def summary(model: Module, *inputs: Any) -> Summary:
    """The modules of a model and their parameters; with inputs (specs or example tensors), output shapes too.

    >>> print(summary(nn.Linear(3, 2), tapeout.spec((5, 3))))
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary() describes an nn.Module, not {type(model).__name__}")
    shapes = _shapes(model, inputs) if inputs else {}
    parameters = list(model.parameters())
    return Summary(
        tuple(_rows(model, shapes)),
        sum(p.shape.numel() for p in parameters),
        sum(p.shape.numel() for p in parameters if p.requires_grad),
        sum(t.shape.numel() * t.dtype.itemsize for _, t in model.named_state()),
        bool(inputs),
    )


def _rows(model: Module, shapes: dict[Module, str]) -> Iterator[Row]:
    counted: set[int] = set()
    for path, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted |= {id(p) for p in own}
        size = sum(p.shape.numel() for p in own)
        yield Row(path, type(module).__name__, shapes.get(module, ""), size)


def _shapes(model: Module, inputs: tuple[Any, ...]) -> dict[Module, str]:
    """What each module returned (last) when the model was traced."""
    found: dict[Module, str] = {}

    def note(module: Module, args: Any, result: Any) -> None:
        found[module] = _shape_text(result)

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with no_grad():
            trace(model, *inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _shape_text(result: Any) -> str:
    if isinstance(result, Tensor):
        return str(list(result.shape))
    if isinstance(result, dict):
        return "{" + ", ".join(f"{k}: {_shape_text(v)}" for k, v in result.items()) + "}"
    if isinstance(result, (list, tuple)):
        return "(" + ", ".join(map(_shape_text, result)) + ")"
    return type(result).__name__
