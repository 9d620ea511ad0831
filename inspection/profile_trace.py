"""A profile as a time line in the trace event format, which Perfetto and Chrome show: a row a thread, a bar a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .profile import Profile

PROCESS = 1


def trace(profile: Profile) -> dict[str, Any]:
    """The events. Times are in microseconds since the first step began."""
    return {"displayTimeUnit": "ns", "traceEvents": [*_names(profile), *_events(profile)]}


def text(profile: Profile) -> str:
    """The same as JSON, an event a line."""
    found = trace(profile)
    events = ",\n".join(json.dumps(event, ensure_ascii=False) for event in found["traceEvents"])
    return f'{{"displayTimeUnit": "ns", "traceEvents": [\n{events}\n]}}\n'


def _names(profile: Profile) -> Iterator[dict[str, Any]]:
    yield _name("process_name", 0, profile.name)
    for thread in range(profile.log.shape[1]):
        yield _name("thread_name", thread, f"thread {thread}")


def _name(kind: str, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": PROCESS, "tid": thread, "args": {"name": name}}


def _events(profile: Profile) -> Iterator[dict[str, Any]]:
    facts = [*map(_facts, profile.timed), {}]
    titles = [*(t.kernel for t in profile.timed), profile.name]
    start = int(profile.log[0, 0, -1, 0])
    for step, threads in enumerate(profile.log.tolist()):
        for thread, calls in enumerate(threads):
            for number, (begin, end) in enumerate(calls):
                if begin:
                    event = _bar(titles[number], begin - start, end - begin, thread)
                    event["args"] = {"step": step, **facts[number]}
                    yield event


def _bar(title: str, begin: int, nanoseconds: int, thread: int) -> dict[str, Any]:
    when = {"ts": begin / 1e3, "dur": nanoseconds / 1e3}
    return {"ph": "X", "name": title, "cat": "kernel", "pid": PROCESS, "tid": thread, **when}


def _facts(t: Any) -> dict[str, Any]:
    return {
        "call": t.call.number,
        "works on": t.call.shapes,
        "flops": t.call.flops,
        "bytes": t.call.bytes,
        "of limit": f"{t.of_limit:.0%} {t.bound}",
    }
