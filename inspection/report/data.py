"""All that the page shows, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...ir import Instr
from ...ir.text.kinds import KINDS
from ..explain import explain
from ..record import Call, Record
from .source import Sources
from .stages import stages_data

if TYPE_CHECKING:
    from ..profile import Profile, Timed


def report_data(record: Record, profile: Profile | None = None) -> dict[str, Any]:
    """The document, with measured times if there is a profile."""
    sources = Sources()
    timed = {t.call.number: t for t in profile.timed} if profile else {}
    stages, numbers = stages_data(record, sources)
    return {
        "name": record.name,
        "kinds": list(KINDS.items()),
        "stages": stages,
        "files": sources.data(),
        "kernels": _kernels(record),
        "calls": [_call(c, numbers, timed.get(c.number)) for c in record.calls],
        "order": [i.op.name for i in record.stage("schedule").func.body],
        "memory": _memory(record),
        "threads": record.threads,
        "flops": record.flops,
        "bytes": record.bytes,
        "explained": explain(record),
        "plot": profile.svg() if profile else None,
        "step": round(profile.step * 1e9, 1) if profile else None,
    }


def _kernels(record: Record) -> list[dict[str, Any]]:
    return [
        {
            "name": k.name,
            "symbol": k.symbol,
            "shapes": k.shapes,
            "calls": k.numbers,
            "code": {"Numba": k.source, "LLVM IR": k.llvm, "assembly": k.asm},
        }
        for k in record.kernels
    ]


def _call(call: Call, numbers: Mapping[Instr, int], timed: Timed | None) -> dict[str, Any]:
    return {
        "kernel": call.kernel,
        "id": None if call.instr is None else numbers[call.instr],
        "flops": call.flops,
        "bytes": call.bytes,
        "effort": round(call.effort, 1),
        "measured": _measured(timed) if timed else None,
        "reads": [[a.name, str(a.type), a.place] for a in call.read],
        "writes": [[a.name, str(a.type), a.place] for a in call.written],
    }


def _measured(timed: Timed) -> dict[str, Any]:
    return {
        "ns": round(timed.seconds * 1e9, 1),
        "threads": timed.threads,
        "share": round(timed.of_limit, 4),
        "bound": timed.bound,
    }


def _memory(record: Record) -> dict[str, Any]:
    memory = record.memory
    return {
        "arena": memory.arena_bytes,
        "scratch": memory.scratch_bytes,
        "tenants": [t._asdict() for t in memory.tenants],
        "arguments": [r._asdict() for r in memory.arguments],
        "inputs": record.inputs,
        "results": [r._asdict() for r in memory.results],
    }
