"""What a compilation was, stage by stage: the text, the pages and the measurements of this floor are made of it.

    found = record(func, passes)
    print(found.text("fuse"), found.kernel("linear").asm)

The stages are the Func as it was traced, after each pass, and two of the CPU backend: `schedule`, the instructions as
kernels do them, in the order in which they run; and `plan`, the same with the place where each value lives. Code is
made when it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from ..backends.cpu.program import Planned
from ..backends.cpu.schedule import Call as Scheduled
from ..backends.cpu.step import parts_for
from ..ir import Func, Instr, IRError, TensorType, Value, verify
from ..ir.op import did_you_mean
from ..ir.passes import Pass
from ..ir.pipeline import Stage as Step
from ..ir.pipeline import run_passes
from ..ir.text.printer import Line, lines_of, printed_names
from ..ir.values import Loc
from .kernels import Kernel
from .places import Places, Room, Tenant

CPU = "cpu"


class Stage(NamedTuple):
    """The program at one point of its way. `seconds` is how long it took to get there."""

    name: str
    func: Func
    seconds: float


class Access(NamedTuple):
    """A value that a kernel reads or writes: its name, and where it lives."""

    name: str
    type: TensorType
    place: str


class Call(NamedTuple):
    """One kernel at work. Bytes are those of the values it reads and writes, each counted once."""

    number: int
    kernel: str
    """The symbol of the kernel."""
    instr: Instr | None
    """The instruction of the stage `schedule` that it does; None for a copy at the end."""
    read: tuple[Access, ...]
    written: tuple[Access, ...]
    flops: int
    bytes: int
    effort: float
    """About how many nanoseconds the compiler thinks that one core needs."""

    @property
    def loc(self) -> Loc | None:
        """The line of the user's that it is for; of a fused instruction, the last one that is known."""
        if self.instr is None or self.instr.loc or not self.instr.op.body:
            return self.instr.loc if self.instr else None
        return next((i.loc for i in reversed(self.instr.op.body.body) if i.loc), None)

    @property
    def shapes(self) -> str:
        """`f32[64,784], f32[128,784] -> f32[64,128]`."""
        given, made = (", ".join(str(a.type) for a in side) for side in (self.read, self.written))
        return f"{given} -> {made}"


class Memory(NamedTuple):
    """Who has which memory. `tenants` share the arena; `first` and `last` are places in the stage `schedule`."""

    arena_bytes: int
    tenants: tuple[Tenant, ...]
    arguments: tuple[Room, ...]
    results: tuple[Room, ...]
    scratch_bytes: int
    """What each thread needs besides."""


class Record:
    """A compilation. Whatever costs time is done when it is first asked for."""

    def __init__(
        self, stages: Iterable[Stage], inputs: int | None = None, backend: str = CPU
    ) -> None:
        self.passed = list(stages)
        self.backend = backend
        """What runs the program. Whatever that is, the last two stages are the CPU backend's."""
        self.func = self.passed[0].func
        self.name = self.func.name
        self.inputs = self._first_updated() if inputs is None else inputs
        """So many of the arguments are inputs; the others are state."""

    def _first_updated(self) -> int:
        updated = {r.into for r in self.func.results}
        places = (n for n, arg in enumerate(self.func.args) if arg in updated)
        return next(places, len(self.func.args))

    # ---- stages

    @cached_property
    def _native(self) -> tuple[Planned, float, float]:
        """The CPU backend's program, and how long its two stages took."""
        program = Planned(self.passed[-1].func)
        start = time.perf_counter()
        program.scheduled  # noqa: B018 - the first look is what takes the time
        middle = time.perf_counter()
        program.calls  # noqa: B018
        return program, middle - start, time.perf_counter() - middle

    @property
    def program(self) -> Planned:
        return self._native[0]

    @cached_property
    def stages(self) -> list[Stage]:
        """`trace`, the passes, `schedule`, `plan`. A pass that comes twice has a number the second time."""
        program, ordering, planning = self._native
        func = program.scheduled
        return [*self.passed, Stage("schedule", func, ordering), Stage("plan", func, planning)]

    def stage(self, name: str) -> Stage:
        """The stage of that name. Those before the backend's are there even if the backend fails."""
        for stage in self.passed:
            if stage.name == name:
                return stage
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = [s.name for s in self.stages]
        raise IRError(f"{self.name} has no stage '{name}'{did_you_mean(name, names)}")

    def text(self, name: str, locs: bool = False) -> str:
        """The IR text of a stage."""
        return "".join(f"{line.text}\n" for line in self.lines(name, locs))

    def lines(self, name: str, locs: bool = False) -> list[Line]:
        """The IR text of a stage line by line, with its instructions."""
        func = self.stage(name).func
        return lines_of(func, locs, places=self._shown() if name == "plan" else None)

    def _shown(self) -> dict[Value, str]:
        """The places that the text of the plan says: all but those of the arguments, which live in their own memory."""
        arguments = set(self.program.scheduled.args)
        return {v: place for v, place in self.places.items() if v not in arguments}

    # ---- names and places

    @cached_property
    def names(self) -> dict[Value, str]:
        """What the last stages call each value."""
        return printed_names(self.program.scheduled)

    @cached_property
    def _places(self) -> Places:
        return Places(self.program.scheduled, self.program.memory, self.names)

    @cached_property
    def places(self) -> dict[Value, str]:
        """Where each value lives: `@35392` is a byte of the arena, `@%fc1.weight` the memory of that argument."""
        return self._places.all()

    @cached_property
    def memory(self) -> Memory:
        found = self._places
        return Memory(
            self.arena_bytes,
            tuple(found.tenants()),
            tuple(found.arguments()),
            tuple(found.results()),
            max((c.kernel.scratch_bytes(1) for c in self.program.calls), default=0),
        )

    @property
    def arena_bytes(self) -> int:
        return self.program.memory.arena_bytes

    @property
    def threads(self) -> int:
        """How many threads are worth while."""
        return parts_for(self.program.calls)

    # ---- kernels and their calls

    @cached_property
    def calls(self) -> list[Call]:
        """What the program does, in order; the numbers are those of `program.calls`."""
        copies = iter(self.program.memory.copies)
        return [
            self._instr(number, call, call.instr)
            if call.instr is not None
            else self._copy(number, call, *self._places.copied(next(copies)))
            for number, call in enumerate(self.program.calls)
        ]

    def _instr(self, number: int, call: Scheduled, instr: Instr) -> Call:
        read = [v for v in dict.fromkeys(instr.operands) if v in self.names]
        flops = instr.op.flops(*(o.type for o in instr.operands))
        accesses = [self._access(v) for v in read], [self._access(v) for v in instr.results]
        return _call(number, call, *accesses, flops)

    def _access(self, value: Value) -> Access:
        return Access(self.names[value], value.type, self.places[value])

    def _copy(self, number: int, call: Scheduled, type: TensorType, source: str, to: str) -> Call:
        return _call(number, call, [Access("", type, source)], [Access("", type, to)], 0)

    @cached_property
    def kernels(self) -> list[Kernel]:
        """The kernels, in the order in which they are first called."""
        numbers: dict[str, list[int]] = {}
        for call in self.calls:
            numbers.setdefault(call.kernel, []).append(call.number)
        return [
            Kernel(
                self.program.calls[mine[0]].kernel,
                self.program.target,
                tuple(self.calls[n] for n in mine),
            )
            for mine in numbers.values()
        ]

    def kernel(self, name: str) -> Kernel:
        """The kernel of that name or symbol; of several of one name, the first."""
        return self.kernels_called(name)[0]

    def kernels_called(self, name: str) -> list[Kernel]:
        """The kernels of that name, or the one of that symbol."""
        found = [k for k in self.kernels if name in (k.symbol, k.name)]
        if not found:
            known = dict.fromkeys(k.name for k in self.kernels)
            raise IRError(f"{self.name} has no kernel '{name}'{did_you_mean(name, known)}")
        return found

    @property
    def flops(self) -> int:
        return sum(call.flops for call in self.calls)

    @property
    def bytes(self) -> int:
        return sum(call.bytes for call in self.calls)


def record(
    func: Func, passes: Sequence[Pass], inputs: int | None = None, backend: str = CPU
) -> Record:
    """What becomes of a Func: the passes run again, whatever was compiled before.

    `inputs` is how many of the arguments are inputs; where nobody says, all before the first that is updated.
    """
    stages = [Stage("trace", verify(func), 0.0)]

    def hook(step: Step) -> None:
        again = sum(s.name.partition(".")[0] == step.name for s in stages)
        name = f"{step.name}.{again + 1}" if again else step.name
        stages.append(Stage(name, step.after, step.seconds))

    run_passes(func, passes, hook)
    return Record(stages, inputs, backend)


def _call(
    number: int, call: Scheduled, read: list[Access], written: list[Access], flops: int
) -> Call:
    moved = sum(a.type.nbytes for a in (*read, *written))
    symbol = call.kernel.symbol
    return Call(number, symbol, call.instr, tuple(read), tuple(written), flops, moved, call.effort)
