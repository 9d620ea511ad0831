"""`report.html`: the data, the styles and the scripts in one file that works from a disk."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ..record import Record
from .data import report_data

if TYPE_CHECKING:
    from ..profile import Profile

SCRIPTS = ("base", "text", "source", "layout", "graph", "memory", "kernels", "summary", "app")
"""In the order in which they run."""


def report_html(record: Record, profile: Profile | None = None) -> str:
    """The page of a compilation. With a profile it shows measured times, and without one estimates."""
    data = json.dumps(report_data(record, profile), separators=(",", ":"), ensure_ascii=False)
    parts = {
        "title": html.escape(f"{record.name} · tapeout"),
        "style": _asset("report.css"),
        "data": data.replace("<", "\\u003c"),
        "script": "\n".join(_asset(f"{name}.js") for name in SCRIPTS),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("report.html"))


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
