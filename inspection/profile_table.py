"""A profile in words: the page that is printed, and the same figures as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .limits import Limits
    from .profile import Profile, Timed

SHOWN = 30
"""More calls than this are summed up in one line."""
WIDEST = 60
"""Letters for what a kernel works on; the data have it whole."""
HEAD = ("#", "kernel", "share", "time", "GFLOP/s", "GB/s", "of limit", "threads", "works on")
LEFT = {1, 8}


def table(profile: Profile) -> str:
    """One page: the step, its calls from the longest on, what is left, and the limits that it is held against."""
    hottest = profile.hottest()
    rows = [HEAD, *(_row(t, profile) for t in hottest[:SHOWN])]
    rest = sum(t.seconds for t in hottest[SHOWN:])
    if rest:
        rows.append(_other(f"{len(hottest) - SHOWN} more", rest, profile))
    rows.append(_other("between kernels", profile.between, profile))
    return "\n".join([*_title(profile), *_aligned(rows), "", _limits(profile.limits)])


def _title(profile: Profile) -> Iterator[str]:
    threads = f"{profile.threads} thread{'s' * (profile.threads != 1)}"
    yield (
        f"{profile.name}: {duration(profile.step)} a step on {threads} (median of {profile.steps}); "
        f"a call from Python takes {duration(profile.calling)} more"
    )
    yield ""


def _row(t: Timed, profile: Profile) -> tuple[str, ...]:
    return (
        str(t.call.number),
        t.kernel,
        f"{_share(t.seconds, profile):.1%}",
        duration(t.seconds),
        f"{t.flops_a_second / 1e9:.1f}" if t.call.flops else "",
        f"{t.bytes_a_second / 1e9:.1f}",
        f"{t.of_limit:.0%} {t.bound}",
        str(t.threads),
        _cut(t.call.shapes),
    )


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _other(name: str, seconds: float, profile: Profile) -> tuple[str, ...]:
    return ("", name, f"{_share(seconds, profile):.1%}", duration(seconds), "", "", "", "", "")


def _share(seconds: float, profile: Profile) -> float:
    return seconds / (profile.kernels + profile.between)


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        placed = (c.ljust(w) if n in LEFT else c.rjust(w) for n, (c, w) in enumerate(cells))
        yield "  ".join(placed).rstrip()


def _limits(limits: Limits) -> str:
    return f"limits, as measured: {', '.join(rates(limits))}"


def rates(limits: Limits) -> Iterator[str]:
    """`118 GFLOP/s f32`, ..., `L1 284 GB/s`, ..."""
    yield from (f"{rate / 1e9:.0f} GFLOP/s {name}" for name, rate in limits.flops.items())
    yield from (f"{level.name} {level.bandwidth / 1e9:.0f} GB/s" for level in limits.levels)


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def data(profile: Profile) -> dict[str, Any]:
    """The figures by name: seconds, operations and bytes, none of them rounded."""
    return {
        "name": profile.name,
        "steps": profile.steps,
        "threads": profile.threads,
        "step_seconds": profile.step,
        "call_seconds": profile.call,
        "between_seconds": profile.between,
        "calls": [_call_data(t) for t in profile.timed],
        "limits": {
            "flops": profile.limits.flops,
            "bandwidth": {level.name: level.bandwidth for level in profile.limits.levels},
        },
    }


def _call_data(t: Timed) -> dict[str, Any]:
    return {
        "number": t.call.number,
        "kernel": t.kernel,
        "symbol": t.call.kernel,
        "seconds": t.seconds,
        "threads": t.threads,
        "flops": t.call.flops,
        "bytes": t.call.bytes,
        "of_limit": t.of_limit,
        "bound": t.bound,
        "shapes": t.call.shapes,
    }
