"""Lines of the tables that `training.py` prints."""

from __future__ import annotations

from collections.abc import Sequence

from peers.contest import Figure, Row
from peers.need import Need
from peers.starts import Start

OURS, TORCH = "tapeout", ("torch eager", "torch.compile")
TIMED = (OURS, *TORCH, "JAX")
FIRST, WIDTH = 38, 15


def line(first: str, cells: Sequence[str]) -> str:
    return f"{first:<{FIRST}}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)


def contest_heading(extra: Sequence[str]) -> str:
    columns = [*TIMED, *extra, "PyTorch/ours", "JAX/ours"]
    return line("µs", columns)


def contest_line(row: Row, extra: Sequence[str]) -> str:
    """Each column's fastest way, and how many times as long the others take as we do."""
    if row.wrong:
        return f"{row.network.name:<{FIRST}}  WRONG, not timed: {row.wrong}"
    cells = [microseconds(row.best(column)) for column in (*TIMED, *extra)]
    cells += [ratio(row.best(*TORCH), row.best(OURS)), ratio(row.best("JAX"), row.best(OURS))]
    return line(row.network.name, cells)


def need_heading(cores: Sequence[int]) -> str:
    least = [f"{what}, {n}" for what in ("arithmetic", "roofline") for n in cores]
    return line(
        "least µs, by cores", [*least, "MFLOP", "MB touched", "kernels", "threads", "arena, KB"]
    )


def need_line(name: str, need: Need) -> str:
    cells = [f"{seconds * 1e6:,.1f}" for seconds in (*need.arithmetic, *need.roofline)]
    cells += [f"{need.flops / 1e6:,.3f}", f"{need.bytes / 1e6:,.3f}"]
    cells += [str(need.kernels), str(need.threads), f"{need.arena / 1e3:,.1f}"]
    return line(name, cells)


def start_line(name: str, cold: Start, warm: float) -> str:
    cells = [f"{cold.seconds:.2f}", f"{cold.call:.2f}", f"{warm:.2f}", f"{cold.megabytes:.0f}"]
    return line(name, cells)


def microseconds(figure: Figure | None) -> str:
    """A figure whose rounds lie far apart is marked: something else was using the machine."""
    if figure is None:
        return "n/a"
    return f"{'~' * figure.shaky}{figure.seconds * 1e6:,.1f}"


def ratio(theirs: Figure | None, ours: Figure | None) -> str:
    return "" if theirs is None or ours is None else f"{theirs.seconds / ours.seconds:.2f} ×"
