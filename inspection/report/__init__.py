"""`report.html`: a compilation to look at in a browser, in one file. `report_html(record)` writes it."""

from __future__ import annotations

from .page import report_html as report_html
