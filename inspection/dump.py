"""Everything there is to see of a compilation, as files in a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .explain import explain
from .record import Record
from .report import report_html
from .text import KINDS, listing

ENDINGS = {"source": "py", "llvm": "ll", "asm": "s"}


def dump(record: Record, folder: str | Path) -> Path:
    """Write the stages, the kernels' code, the memory plan and the report; what an earlier dump left there goes.

    `trace.tape`, ... are numbered in order; a kernel `linear_83f8` is `kernels/linear_83f8.py`, `.ll` and `.s`.
    """
    folder = Path(folder)
    _clear(folder)
    for name, text in files(record):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder


def files(record: Record) -> Iterator[tuple[str, str]]:
    """The files of a dump: name and content."""
    for number, stage in enumerate(record.stages):
        yield f"{number:02}-{stage.name}.tape", record.text(stage.name)
    for kernel in record.kernels:
        for kind in KINDS:
            yield f"kernels/{kernel.symbol}.{ENDINGS[kind]}", listing(record, kernel, kind)
    yield "memory.json", json.dumps(memory(record), indent=2) + "\n"
    yield "explain.txt", explain(record)
    yield "report.html", report_html(record)


def memory(record: Record) -> dict[str, Any]:
    """The memory plan as data."""
    plan = record.memory
    return {
        "program": record.name,
        "arena_bytes": plan.arena_bytes,
        "scratch_bytes_per_thread": plan.scratch_bytes,
        "arena": [tenant._asdict() for tenant in plan.tenants],
        "arguments": [room._asdict() for room in plan.arguments],
        "results": [room._asdict() for room in plan.results],
    }


def _clear(folder: Path) -> None:
    """Remove what an earlier dump wrote, and nothing else."""
    for pattern in ("[0-9][0-9]-*.tape", "memory.json", "explain.txt", "report.html"):
        for path in folder.glob(pattern):
            path.unlink()
    kernels = folder / "kernels"
    if kernels.is_dir() and all(p.suffix[1:] in ENDINGS.values() for p in kernels.iterdir()):
        shutil.rmtree(kernels)
