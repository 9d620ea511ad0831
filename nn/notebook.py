"""How modules and summaries show in notebooks."""

from __future__ import annotations

from ..ir.text.html import paragraph, table_html
from .module import Module
from .summary import Row, Summary, summary


def module_html(model: Module) -> str:
    """The module and all below it, with their settings and parameters."""
    found = summary(model)
    rows = [
        [row.path or "(model)", f"{row.kind}({_settings(module)})", _count(row)]
        for row, (_, module) in zip(found.rows, model.named_modules(), strict=True)
    ]
    return table_html(["layer", "module", "parameters"], rows, [2]) + _totals(found)


def summary_html(found: Summary) -> str:
    """The table of a summary."""
    head, *rows = found.cells()
    return table_html(head, rows, [len(head) - 1]) + _totals(found)


def _settings(module: Module) -> str:
    return module.extra_repr().replace("\n", ", ")


def _count(row: Row) -> str:
    return f"{row.parameters:,}" if row.parameters else "-"


def _totals(found: Summary) -> str:
    return "".join(map(paragraph, found.totals()))
