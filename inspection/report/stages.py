"""The stages of a compilation as data for the page: their text line by line, and what each changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import Func, Instr
from ...ir.text.printer import Line
from ..record import Record, Stage
from .changes import Numbered, numbered
from .nodes import nodes
from .source import Sources


def stages_data(record: Record, sources: Sources) -> tuple[list[dict[str, Any]], dict[Instr, int]]:
    """One entry for each stage; and the numbers of the last one's instructions."""
    stages = record.stages
    notes = numbered([stage.func for stage in stages])
    views = [
        _View(stage.func, record.lines(stage.name), note)
        for stage, note in zip(stages, notes, strict=True)
    ]
    entries = [
        _entry(stage, view, before, sources)
        for stage, view, before in zip(stages, views, [None, *views], strict=False)
    ]
    return entries, {m.instr: m.number for m in notes[-1].members}


def _entry(stage: Stage, view: _View, before: _View | None, sources: Sources) -> dict[str, Any]:
    return {
        "name": stage.name,
        "ms": round(stage.seconds * 1e3, 3),
        "note": view.told(before),
        "lines": view.rows(),
        "removed": view.removed(before) if before else [],
        "marks": view.note.marks(),
        "locs": _places(view.note, sources),
        "nodes": nodes(stage.func, view.note),
    }


def _places(note: Numbered, sources: Sources) -> dict[int, list[list[int]]]:
    """The lines of each instruction: its own first, then that of the instruction whose gradient it is part of.

    A fused instruction has those of its members besides.
    """
    found = {m.number: [loc for loc in (m.instr.loc, m.instr.origin) if loc] for m in note.members}
    for member in note.members:
        if member.parent is not None:
            found[member.parent] += found[member.number]
    for locs in found.values():
        sources.note(locs)
    return {number: sources.places(dict.fromkeys(locs)) for number, locs in found.items()}


class _View:
    """The text of one stage, and the numbers of its instructions."""

    def __init__(self, func: Func, lines: Sequence[Line], note: Numbered) -> None:
        self.func = func
        self.lines = lines
        self.note = note
        self.number = {m.instr: m.number for m in note.members}
        self.place = {self.number[e.instr]: k for k, e in enumerate(lines) if e.instr is not None}
        self.begins = next(k for k, line in enumerate(lines) if line.text.endswith("{"))
        """The line in which the body begins; arguments have lines of their own if it is not the first."""

    def told(self, before: _View | None) -> str:
        """What the stage changed, in words."""
        if before is not None and not self.note.differs and self._text() != before._text():
            return "the same instructions, with where each value lives"
        return str(self.note)

    def rows(self) -> list[list[Any]]:
        """Each line as [text, its instruction's number or its argument's name or None]."""
        args = {1 + k: a.name for k, a in enumerate(self.func.args) if self.begins > 0}
        return [
            [line.text, args.get(k) if line.instr is None else self.number[line.instr]]
            for k, line in enumerate(self.lines)
        ]

    def removed(self, before: _View) -> list[list[Any]]:
        """Lines of the stage before that are gone: [the line after which to show it, text, number]."""
        gone, found = set(self.note.removed), []
        after = self.begins
        for member in before.note.members:
            if member.number in gone:
                text = before.lines[before.place[member.number]].text
                found.append([after, text, member.number])
            else:
                after = self.place[member.number]
        return found

    def _text(self) -> list[str]:
        return [line.text for line in self.lines]
