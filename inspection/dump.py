"""Everything there is to see of a compilation, as files in a folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from .explain import explain
from .record import Record
from .report import report_html
from .text import KINDS, listing

ENDINGS = {"source": "py", "llvm": "ll", "asm": "s"}
MANIFEST = ".tapeout-dump"
"""Which files of a folder a dump wrote: a name a line."""


def dump(record: Record, folder: str | Path) -> Path:
    """Write the stages, the kernels' code, the memory plan and the report; what an earlier dump left there goes.

    `trace.tape`, ... are numbered in order; a kernel `linear_83f8` is `kernels/linear_83f8.py`, `.ll` and `.s`.
    """
    folder = Path(folder)
    content = dict(files(record))
    earlier = _listed(folder)
    _refuse_others(folder, content, earlier)
    _clear(folder, earlier)
    for name, text in {MANIFEST: "".join(f"{name}\n" for name in content), **content}.items():
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


def _listed(folder: Path) -> list[str]:
    """What an earlier dump wrote; names that lead out of the folder are none of a dump's."""
    manifest = folder / MANIFEST
    names = manifest.read_text(encoding="utf-8").splitlines() if manifest.is_file() else []
    return [n for n in names if not Path(n).is_absolute() and ".." not in Path(n).parts]


def _refuse_others(folder: Path, content: Iterable[str], earlier: Collection[str]) -> None:
    """What is in the way and was not written by a dump is somebody's."""
    for name in content:
        if name not in earlier and (folder / name).exists():
            raise FileExistsError(
                f"{folder / name} is there already, and no dump wrote it; move it, or dump to another folder"
            )


def _clear(folder: Path, earlier: Iterable[str]) -> None:
    """Remove what an earlier dump wrote, and nothing else."""
    for name in earlier:
        (folder / name).unlink(missing_ok=True)
    kernels = folder / "kernels"
    if kernels.is_dir() and not any(kernels.iterdir()):
        kernels.rmdir()
