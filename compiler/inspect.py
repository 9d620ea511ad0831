"""What a compiled function tells of itself: its stages, its kernels' code, a page about it, a folder of all that.

Nothing of this is kept while programs run. When somebody asks, the passes run again on the traced program; so all of it
is there for programs that came from the cache, too.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .. import lazy
from ..ir.errors import IRError
from ..ir.values import Loc
from ..tracer.location import user_loc

if TYPE_CHECKING:
    from ..inspection.profile import Profile
    from ..inspection.record import Record, Stage
    from .program import Program

_passes = lazy.module(f"{__package__}.passes")
_record = lazy.module("tapeout.inspection.record")
_text = lazy.module("tapeout.inspection.text")
_explain = lazy.module("tapeout.inspection.explain")
_dump = lazy.module("tapeout.inspection.dump")
_report = lazy.module("tapeout.inspection.report")
_profile = lazy.module("tapeout.inspection.profile")
_notebook = lazy.module("tapeout.inspection.notebook")
_html = lazy.module("tapeout.ir.text.html")
_records: WeakKeyDictionary[Program, Record] = WeakKeyDictionary()
_dumped: dict[str, int] = {}
_unusable: set[str] = set()
DUMP = "TAPEOUT_DUMP"


class Text(str):
    """Text that a prompt shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Inspected:
    """The part of a compiled function that is there to look inside. It speaks of the program that ran last."""

    def record(self) -> Record:
        """All that there is to see, as data."""
        program = self._latest()
        if program not in _records:
            _records[program] = recorded(program)
        return _records[program]

    @property
    def stages(self) -> list[Stage]:
        """The program as it was traced, after each pass, in the order of its kernels, and with its memory planned."""
        return self.record().stages

    def ir(self, stage: str | None = None, kernel: str | None = None, *, locs: bool = False) -> str:
        """The IR text of a stage (of what the passes made, if none is named), or of what a kernel computes."""
        for what, given in (("stage", stage), ("kernel", kernel)):
            if not isinstance(given, str | None):
                raise TypeError(f"ir(): {what} is a name, not {given!r}")
        record = self.record()
        if kernel is not None:
            return Text(_text.computes(record, kernel))
        return Text(record.text(stage or record.passed[-1].name, locs))

    def source(self, kernel: str | None = None) -> str:
        """The Numba source of the kernels, or of one."""
        return Text(_text.code(self.record(), "source", kernel))

    def llvm(self, kernel: str | None = None) -> str:
        """The LLVM IR of the kernels, or of one, as LLVM's own passes leave it."""
        return Text(_text.code(self.record(), "llvm", kernel))

    def asm(self, kernel: str | None = None) -> str:
        """The assembly of the kernels, or of one."""
        return Text(_text.code(self.record(), "asm", kernel))

    def explain(self) -> None:
        """Print one page: what goes in, the kernels and what they cost, what was fused and what was not, and why."""
        sys.stdout.write(_explain.explain(self.record()))

    def dump(self, folder: str | Path) -> Path:
        """Write it all to a folder: a `.tape` file a stage, the kernels' code, the memory plan, `report.html`."""
        path: Path = _dump.dump(self.record(), folder)
        return path

    def report(self, path: str | Path, profile: Profile | None = None) -> Path:
        """Write `report.html`: all of it to look at in a browser, with measured times if there is a profile."""
        if profile is not None and not isinstance(profile, _profile.Profile):
            raise TypeError(f"report(): profile is what profile() returned, not {profile!r}")
        path = Path(path)
        path.write_text(_report.report_html(self.record(), profile), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        """For notebooks."""
        if self.__dict__.get("_last") is None:
            return str(_html.paragraph(f"{self!r}, not compiled yet"))
        return str(_notebook.record_html(self.record()))

    # ---- which program

    def _latest(self) -> Program:
        found: Program | None = self.__dict__.get("_last")
        if found is None:
            name = self.__dict__["__name__"]
            raise IRError(
                f"{name}() has not been compiled yet, so there is nothing to see; call it, or say what it will be "
                f"called with: {name}.compile(spec((64, 784)), ...)"
            )
        return found

    def _noted(self, program: Program) -> Program:
        """The program that is about to run. A new one is dumped where TAPEOUT_DUMP says."""
        new = program is not self.__dict__.get("_last") and not program.dumped
        self.__dict__["_last"] = program
        if new and os.environ.get(DUMP):
            program.dumped = True
            _dumped_or_told(program)
        return program


def recorded(program: Program) -> Record:
    """The record of a program."""
    func = program.func
    found: Record = _record.record(
        func,
        _passes.passes(),
        inputs=len(func.args) - len(program.states),
        backend=program.options.backend,
    )
    return found


def _dumped_or_told(program: Program) -> None:
    """Dump a program where TAPEOUT_DUMP says. The user's call does not fail for a place that cannot be used."""
    try:
        _dump.dump(recorded(program), folder_for(program.func.name))
    except OSError as error:
        place = os.environ[DUMP]
        if place not in _unusable:
            _unusable.add(place)
            told = f"{DUMP}={place}: nothing was dumped ({error})"
            warnings.warn_explicit(told, UserWarning, *(user_loc() or Loc("<unknown>", 0)))


def folder_for(name: str) -> Path:
    """The folder of a program's dump: its name, and a number if it is not the first of that name in this process."""
    _dumped[name] = number = _dumped.get(name, 0) + 1
    return Path(os.environ[DUMP], name if number == 1 else f"{name}-{number}")
