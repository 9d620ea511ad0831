"""How a compiled function shows in a notebook: what its kernels do, and its program, folded."""

from __future__ import annotations

from ..ir.text.html import folded, ir_html, paragraph, table_html
from .record import Call, Record
from .words import amount, counted, line

HEAD = ["#", "kernel", "FLOP", "bytes", "about", "works on", "from"]


def record_html(record: Record) -> str:
    """A line about the program, the kernels it calls, and its text when it was traced and after the passes."""
    about = (
        f"{record.name}: {counted(len(record.kernels), 'kernel')} in {counted(len(record.calls), 'call')}, "
        f"{amount(record.flops, 'FLOP')}, {amount(record.bytes, 'B')} read and written, "
        f"arena {amount(record.arena_bytes, 'B')}"
    )
    kernels = table_html(HEAD, map(_row, record.calls), [0, 2, 3, 4])
    first, last = record.passed[0].name, record.passed[-1].name
    texts = [folded(f"IR after {name}", ir_html(record.text(name))) for name in (first, last)]
    return "".join([paragraph(about), folded("kernels, in order", kernels), *texts])


def _row(call: Call) -> list[str]:
    instr = call.instr
    name = call.kernel.rpartition("_")[0]
    work = [amount(call.flops, "FLOP"), amount(call.bytes, "B"), f"{call.effort / 1e3:.1f} µs"]
    return [str(call.number), name, *work, call.shapes, line(instr.loc) if instr else ""]
