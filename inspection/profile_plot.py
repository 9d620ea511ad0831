"""A profile as a picture, in SVG: the kernels under the machine's roofs, and how they share the time of a step.

The roofline: across, how many operations a kernel does for each byte; upwards, how many a second. No kernel gets above
the slanted roofs (each memory's bytes a second) nor above the flat one (multiply-adds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from .profile_table import duration

if TYPE_CHECKING:
    from .limits import Level, Limits
    from .profile import Profile, Timed

WIDTH, LEFT, RIGHT = 960, 64, 936
TOP, BOTTOM = 72, 440
BARS, ROW, BAR_LEFT, BAR_RIGHT = 516, 24, 300, 720
SHOWN = 16
"""Bars; what is below is summed up in one more."""
NUMBERED = 8
SMALL, LARGE = 4.0, 16.0
"""Radii of dots; their areas are as the times."""

NAME = "tapeout-profile"
STYLE = f"""
  .{NAME} {{ --ink: #1c2430; --dim: #5c6775; --line: #d9dee5; --paper: #ffffff;
    --roof: #2f6fde; --dot: #d9622b; --rest: #b4bdc8;
    font: 13px system-ui, sans-serif; background: var(--paper); }}
  @media (prefers-color-scheme: dark) {{
    .{NAME} {{ --ink: #e6eaf0; --dim: #97a3b2; --line: #2c3440; --paper: #14181f;
      --roof: #6ea4ff; --dot: #ff9a66; --rest: #4a5564; }}
  }}
  .{NAME} text {{ fill: var(--ink); }}
  .{NAME} .dim {{ fill: var(--dim); }}
  .{NAME} .end {{ text-anchor: end; }}
  .{NAME} .mid {{ text-anchor: middle; }}
  .{NAME} .title {{ font-size: 16px; font-weight: 600; }}
  .{NAME} .small {{ font-size: 11px; }}
  .{NAME} .grid {{ stroke: var(--line); }}
  .{NAME} .roof {{ stroke: var(--roof); stroke-width: 1.5; }}
  .{NAME} .name {{ fill: var(--roof); font-size: 11px; }}
  .{NAME} .dot {{ fill: var(--dot); fill-opacity: 0.55; stroke: var(--dot); }}
  .{NAME} .bar {{ fill: var(--dot); }}
  .{NAME} .rest {{ fill: var(--rest); }}
""".strip("\n")
"""Every rule is about this picture only, because it may stand in a page among others."""


class Axes:
    """Both axes count powers of ten."""

    def __init__(self, profile: Profile) -> None:
        computing = [t for t in profile.timed if t.call.flops]
        peak = max(profile.limits.flops.values())
        slow = min([t.flops_a_second for t in computing], default=peak)
        fast = max([t.flops_a_second for t in computing], default=peak)
        thin = [t.call.flops / t.call.bytes for t in computing]
        self.low = math.floor(math.log10(min(slow, peak / 1e3)))
        self.high = math.log10(2 * max(peak, fast))
        ridge = peak / profile.limits.levels[-1].bandwidth
        self.first = math.floor(math.log10(min([*thin, 0.1])))
        self.last = math.ceil(math.log10(max([*thin, ridge]) * 1.01))

    def x(self, intensity: float) -> float:
        """Where so many operations a byte are."""
        across = (math.log10(intensity) - self.first) / (self.last - self.first)
        return LEFT + across * (RIGHT - LEFT)

    def y(self, rate: float) -> float:
        """Where so many operations a second are."""
        return BOTTOM - (math.log10(rate) - self.low) / (self.high - self.low) * (BOTTOM - TOP)


def plot(profile: Profile) -> str:
    """The picture, complete in itself."""
    bars = _shares(profile)
    height = BARS + ROW * len(bars) + 20
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{NAME}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(profile.name)}: where the time of a step goes</title>",
        f"<style>\n{STYLE}\n</style>",
        *_heading(profile),
        *_roofline(profile, Axes(profile)),
        *_bars(bars, profile),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _heading(profile: Profile) -> Iterator[str]:
    threads = f"{profile.threads} thread{'s' * (profile.threads != 1)}"
    about = f"{duration(profile.step)} a step on {threads}, median of {profile.steps}"
    yield _text(24, 30, profile.name, "title")
    yield _text(24, 50, f"{about}; dots are as large as their time, numbers are places", "dim")


# ---- the roofline


def _roofline(profile: Profile, axes: Axes) -> Iterator[str]:
    yield from _grid(axes)
    yield from _roofs(profile.limits, axes)
    longest = max((t.seconds for t in profile.timed), default=1.0)
    hottest = [t for t in profile.hottest() if t.call.flops]
    for place, t in enumerate(hottest):
        yield from _dot(t, place, longest, axes)


def _grid(axes: Axes) -> Iterator[str]:
    for power in range(axes.first, axes.last + 1):
        x = axes.x(10.0**power)
        yield _line(x, TOP, x, BOTTOM, "grid")
        yield _text(x, BOTTOM + 18, f"{10.0**power:g}", "dim mid small")
    for power in range(axes.low, math.floor(axes.high) + 1):
        y = axes.y(10.0**power)
        yield _line(LEFT, y, RIGHT, y, "grid")
        yield _text(LEFT - 8, y + 4, f"{10.0 ** (power - 9):g}", "dim end small")
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 38, "operations a byte", "dim mid small")
    yield _text(LEFT - 8, TOP - 8, "GFLOP/s", "dim end small")


def _roofs(limits: Limits, axes: Axes) -> Iterator[str]:
    for name, rate in limits.flops.items():
        y, start = axes.y(rate), rate / limits.levels[0].bandwidth
        yield _line(axes.x(start), y, RIGHT, y, "roof")
        yield _text(RIGHT, y - 5, f"{name} {rate / 1e9:.0f} GFLOP/s", "name end")
    for place, level in enumerate(limits.levels):
        yield from _slope(level, place, max(limits.flops.values()), axes)


def _slope(level: Level, place: int, peak: float, axes: Axes) -> Iterator[str]:
    begin = max(10.0**axes.first, 10.0**axes.low / level.bandwidth)
    x, y = axes.x(begin), axes.y(begin * level.bandwidth)
    end_x, end_y = axes.x(peak / level.bandwidth), axes.y(peak)
    yield _line(x, y, end_x, end_y, "roof")
    along = 0.25 + 0.12 * place
    at_x, at_y = x + along * (end_x - x), y + along * (end_y - y)
    turn = math.degrees(math.atan2(end_y - y, end_x - x))
    label = f"{level.name} {level.bandwidth / 1e9:.0f} GB/s"
    move = f'transform="translate({at_x:.1f} {at_y - 4:.1f}) rotate({turn:.1f})"'
    yield f'<text class="name" {move}>{escape(label)}</text>'


def _dot(t: Timed, place: int, longest: float, axes: Axes) -> Iterator[str]:
    x, y = axes.x(t.call.flops / t.call.bytes), axes.y(t.flops_a_second)
    radius = max(SMALL, LARGE * math.sqrt(t.seconds / longest))
    facts = (
        f"{t.call.number} {t.kernel}: {duration(t.seconds)}, {t.flops_a_second / 1e9:.1f} GFLOP/s, "
        f"{t.bytes_a_second / 1e9:.1f} GB/s, {t.of_limit:.0%} of {t.bound}\n{t.call.shapes}"
    )
    yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{escape(facts)}</title></circle>'
    if place < NUMBERED:
        yield _text(x + radius + 3, y + 4, str(t.call.number), "small")


# ---- the bars


def _shares(profile: Profile) -> list[tuple[str, float, str]]:
    """What a bar says, its seconds, and what is at its end."""
    hottest = profile.hottest()
    rows = [
        (f"{t.call.number} {t.kernel}", t.seconds, f"{t.of_limit:.0%} of {t.bound}")
        for t in hottest[:SHOWN]
    ]
    rest = hottest[SHOWN:]
    if rest:
        rows.append((f"{len(rest)} more", sum(t.seconds for t in rest), ""))
    return [*rows, ("between kernels", profile.between, "")]


def _bars(rows: list[tuple[str, float, str]], profile: Profile) -> Iterator[str]:
    whole = profile.kernels + profile.between
    longest = max(seconds for _, seconds, _ in rows) or 1.0
    for place, (name, seconds, note) in enumerate(rows):
        y = BARS + ROW * place
        width = (BAR_RIGHT - BAR_LEFT) * seconds / longest
        kind = "bar" if note else "rest"
        yield _text(BAR_LEFT - 12, y + 13, name if len(name) < 38 else f"{name[:37]}…", "end")
        yield f'<rect class="{kind}" x="{BAR_LEFT}" y="{y + 2}" width="{max(width, 1):.1f}" height="15" rx="2"/>'
        told = f"{duration(seconds)}, {seconds / whole:.1%}{', ' * bool(note)}{note}"
        yield _text(BAR_LEFT + width + 8, y + 13, told, "dim small")


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'
