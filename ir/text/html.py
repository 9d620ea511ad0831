"""IR text and tables as HTML for notebooks: no scripts, and colours for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .kinds import PATTERN

COLOURS = {
    "comment": "#888888", "place": "#a8842c", "value": "#5b7fce", "type": "#3a9286", "keyword": "#8a6fd1",
    "op": "#c0559f", "number": "#c47a2c",
}  # fmt: skip
TALLEST = "32em"
TEXT = "font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre;overflow:auto;margin:4px 0;"
CELL = "padding:2px 12px 2px 0;border-bottom:1px solid #8884;"


def ir_html(text: str) -> str:
    """IR text in colours; a long one scrolls."""
    inside, at = [], 0
    for found in PATTERN.finditer(text):
        colour = COLOURS[str(found.lastgroup)]
        inside += [escape(text[at : found.start()], quote=False)]
        inside += [f'<span style="color:{colour}">{escape(found.group(), quote=False)}</span>']
        at = found.end()
    inside.append(escape(text[at:], quote=False))
    return f'<pre style="{TEXT}max-height:{TALLEST}">{"".join(inside)}</pre>'


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int]) -> str:
    """A table; the columns `numbers` are set to the right."""
    sides = ["right;white-space:nowrap" if k in numbers else "left" for k in range(len(head))]
    lines = [_row("th", head, sides), *(_row("td", row, sides) for row in rows)]
    return f'<table style="border-collapse:collapse;font-size:12.5px">{"".join(lines)}</table>'


def folded(title: str, inside: str) -> str:
    """Something that opens when its title is clicked on."""
    return f'<details><summary style="cursor:pointer">{escape(title)}</summary>{inside}</details>'


def paragraph(text: str) -> str:
    return f'<p style="margin:2px 0">{escape(text)}</p>'


def _row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    inside = [
        f'<{tag} style="{CELL}text-align:{side}">{escape(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=True)
    ]
    return f"<tr>{''.join(inside)}</tr>"
